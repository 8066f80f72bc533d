"""The only file that sees a key: sealed twice, bound to its owner and endpoint, opened for one call."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aidecamp.db.transaction import Transaction
from aidecamp.egress import Endpoint
from aidecamp.errors import Invalid, Refusal
from aidecamp.settings import Settings

FORMAT = b"\x01"
NONCE = 12
LONGEST_KEY = 4096
FILE = "master-keys"


class KeyUnreadable(Refusal):
    """A sealed key that does not belong here, or whose master key is gone. Nothing is tried a second time."""

    status, code, title = 422, "invalid_key", "The stored key can't be opened any more"
    help = "Enter the key of this provider again and save it."


class MasterKeyError(ValueError):
    """The master key is missing, malformed or not the one that sealed what is stored. One sentence."""


class Secret:
    """A key in memory that can't be printed, copied, pickled or serialised; only `reveal` gives it out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def _never(self, *_: Any) -> NoReturn:
        raise TypeError("a secret can't be copied or serialised")

    __reduce_ex__ = __reduce__ = __getstate__ = __copy__ = __deepcopy__ = _never


@dataclass(frozen=True, slots=True)
class Sealed:
    """The inner ciphertext and the id of the master key that made it."""

    kid: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose key, and for where. A ciphertext moved to another row or another endpoint does not open."""

    customer_id: UUID
    user_id: UUID
    provider_id: UUID
    provider_type: str
    endpoint: Endpoint

    def associated(self, kid: str) -> bytes:
        place = self.endpoint
        owner = (str(self.customer_id), str(self.user_id), str(self.provider_id))
        target = (self.provider_type, place.scheme, place.host, str(place.port), place.path)
        parts = ("aidecamp-provider-key-1", kid, *owner, *target)
        return b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))


class MasterKeys:
    """`kid:base64-of-32-bytes[,older…]`; the first encrypts, all decrypt."""

    __slots__ = ("_keys",)

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"MasterKeys({', '.join(self._keys)})"

    @classmethod
    def parse(cls, text: str) -> MasterKeys:
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            kid, _, encoded = entry.partition(":")
            if not kid.isalnum() or len(kid) > 32 or kid in keys:
                raise MasterKeyError(SHAPE)
            keys[kid] = _decoded(encoded)
        if not keys:
            raise MasterKeyError(SHAPE)
        return cls(keys)

    @property
    def newest(self) -> str:
        return next(iter(self._keys))

    @property
    def kids(self) -> list[str]:
        return list(self._keys)

    def derive(self, kid: str, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=f"aidecamp {purpose}".encode()).derive(self._keys[kid])


SHAPE = "AIDECAMP_MASTER_KEYS must be written kid:base64-of-32-bytes, several separated by commas."


def _decoded(encoded: str) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise MasterKeyError(SHAPE) from None
    if len(raw) != 32:
        raise MasterKeyError(SHAPE)
    return raw


def master_keys(settings: Settings) -> MasterKeys:
    """The operator's keys, or those of the home folder, made there once with the embedded database."""
    if settings.master_keys is not None:
        return MasterKeys.parse(settings.master_keys.get_secret_value())
    if not settings.embedded:
        raise MasterKeyError("AIDECAMP_MASTER_KEYS is not set; provider keys can't be opened without it.")
    path = settings.home / FILE
    if not path.exists():
        _generate(path)
    return MasterKeys.parse(path.read_text(encoding="ascii"))


def _generate(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_suffix(f".{os.getpid()}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"k1:{base64.b64encode(os.urandom(32)).decode()}\n")
    try:
        # A link never replaces: of two processes that start at once, both use the first one's key.
        os.link(made, path)
    except FileExistsError:
        return
    finally:
        made.unlink()


class Vault:
    """Seals with the newest master key, opens with any."""

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys
        self._inner = {kid: AESGCM(keys.derive(kid, "provider key")) for kid in keys.kids}
        self._outer = {kid: keys.derive(kid, "outer passphrase").hex() for kid in keys.kids}

    @property
    def newest(self) -> str:
        return self._keys.newest

    @property
    def kids(self) -> list[str]:
        """The master keys at hand, in the order of `passphrases`."""
        return list(self._outer)

    @property
    def passphrases(self) -> list[str]:
        """Of pgcrypto's outer layer, by kid; whoever learns one still holds only our inner ciphertext."""
        return list(self._outer.values())

    def passphrase(self, kid: str) -> str:
        return self._outer[kid]

    def seal(self, key: Secret, binding: Binding) -> Sealed:
        kid, nonce = self._keys.newest, os.urandom(NONCE)
        sealed = self._inner[kid].encrypt(nonce, key.reveal().encode(), binding.associated(kid))
        return Sealed(kid, FORMAT + nonce + sealed)

    def open(self, sealed: Sealed, binding: Binding) -> Secret:
        """The key, or KeyUnreadable where row, owner or endpoint are not those that it was sealed for."""
        raw, cipher = sealed.ciphertext, self._inner.get(sealed.kid)
        if cipher is None or raw[:1] != FORMAT:
            raise KeyUnreadable
        try:
            plain = cipher.decrypt(raw[1 : 1 + NONCE], raw[1 + NONCE :], binding.associated(sealed.kid))
        except InvalidTag:
            raise KeyUnreadable from None
        return Secret(plain.decode())

    def check_value(self, kid: str) -> bytes:
        """What tells that a master key is the right one, without telling anything about it."""
        mac = HMAC(self._keys.derive(kid, "check value"), SHA256())
        mac.update(kid.encode())
        return mac.finalize()


def entered(raw: str) -> Secret:
    """A key as a person pastes it: spaces around it go, anything that can't be a header is refused."""
    key = raw.strip(" \t\r\n")
    if not key:
        raise KeyMalformed("The key is empty.")
    if len(key) > LONGEST_KEY:
        raise KeyMalformed("The key is too long to be one.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise KeyMalformed("The key holds characters that no key has, such as a line break or a space.")
    return Secret(key)


def hint(key: Secret) -> str:
    """The last four characters, or fewer where four would give a short key away."""
    value = key.reveal()
    return value[-4:] if len(value) >= 8 else ""


class KeyMalformed(Invalid):
    title = "This can't be an API key"
    help = "Copy the key again from the provider's page and paste it whole."

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[{"field": "api_key", "message": reason}])


async def verify(tx: Transaction, vault: Vault) -> None:
    """Refuse a master key other than the one in use; the first start notes it. Nothing stored is touched.

    Runs outside any customer. MasterKeyError says in one sentence what is wrong.
    """
    noted = {
        row.kid: row.check_value
        for row in await tx.all(Noted, "select kid, check_value from master_key_checks")
    }
    for kid, value in noted.items():
        if kid not in vault.kids:
            raise MasterKeyError(f"The master key {kid!r} sealed stored provider keys and is not given.")
        if vault.check_value(kid) != bytes(value):
            raise MasterKeyError(
                f"The master key {kid!r} is not the one that sealed the stored provider keys."
            )
    await tx.run(
        """insert into master_key_checks (kid, check_value) values (%(kid)s, %(value)s)
           on conflict do nothing""",
        kid=vault.newest,
        value=vault.check_value(vault.newest),
    )


@dataclass(frozen=True, slots=True)
class Noted:
    kid: str
    check_value: bytes
