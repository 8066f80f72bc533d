"""New ids: UUIDv7 (RFC 9562), made here because PostgreSQL has them only from version 18 on."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
