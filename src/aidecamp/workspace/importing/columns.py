"""Header conventions of common exports: which column holds what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aidecamp.errors import Invalid
from aidecamp.workspace.importing.cells import slug

COLUMN_LIMIT = 500
# Ids, owners and rights are the server's to decide; `consent` alone says for which channel to nobody.
SERVER_DECIDES = frozenset({
    "id", "customer_id", "tenant_id", "user_id", "owner_id", "account_id", "workspace_id", "created_by",
    "role", "consent", "version", "created_at", "updated_at", "is_simulated", "line", "reason",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """`at` gives the place of each known field; `rest` the names and places of the others."""

    at: dict[str, int]
    rest: dict[str, int]
    ignored: list[str]
    width: int


def understand(header: list[str], fields: Mapping[str, tuple[str, ...]]) -> Columns:
    """A column with a field's own name is it, else the first that means the same."""
    if len(header) > COLUMN_LIMIT:
        raise Invalid(f"The file has {len(header)} columns; at most {COLUMN_LIMIT} are read.")
    titles = [slug(title) for title in header]
    names = {alias: field for field, aliases in fields.items() for alias in aliases}
    at = {field: titles.index(field) for field in fields if field in titles}
    rest: dict[str, int] = {}
    ignored: list[str] = []
    for place, name in enumerate(titles):
        field = names.get(name, name)
        if field in fields and at.setdefault(field, place) == place:
            continue
        if name in SERVER_DECIDES or field in fields or name in rest:
            ignored.append(header[place].strip()[:64])
        elif name:
            rest[name[:64]] = place
    return Columns(at, rest, ignored, len(header))
