"""The permission matrix: each right and the lowest role that has it."""

from __future__ import annotations

from enum import StrEnum

from aidecamp.actor import Actor, Role
from aidecamp.errors import Forbidden


class Right(StrEnum):
    READ_WORKSPACE = "read campaigns, audiences, insights and applied suggestions"
    OWN_TOKENS = "manage your own access tokens"
    OWN_PRIVACY = "export or erase your own data"
    OWN_PROVIDERS = "connect your own AI providers"
    USE_ASSISTANT = "talk to the assistant"
    REVIEW_SUGGESTIONS = "review and apply suggestions"
    EDIT_OWN_DRAFTS = "make and change your own drafts"
    EDIT_WORKSPACE = "change every campaign and audience"
    IMPORT = "import data"
    CUSTOMER_USAGE = "see the whole team's usage"
    MANAGE_USERS = "manage users"
    MANAGE_LIMITS = "manage limits"
    SHARE_PROVIDERS = "share AI providers with the team"
    READ_TRAIL = "read the audit trail"
    USER_PRIVACY = "export or erase a user's data"
    MANAGE_OWNERS = "make, change or remove owners"
    CUSTOMER_PRIVACY = "export or erase the whole account"


LOWEST: dict[Right, Role] = {
    Right.READ_WORKSPACE:     Role.VIEWER,
    Right.OWN_TOKENS:         Role.VIEWER,
    Right.OWN_PRIVACY:        Role.VIEWER,
    Right.OWN_PROVIDERS:      Role.USER,
    Right.USE_ASSISTANT:      Role.USER,
    Right.REVIEW_SUGGESTIONS: Role.USER,
    Right.EDIT_OWN_DRAFTS:    Role.USER,
    Right.EDIT_WORKSPACE:     Role.MANAGER,
    Right.IMPORT:             Role.MANAGER,
    Right.CUSTOMER_USAGE:     Role.MANAGER,
    Right.MANAGE_USERS:       Role.ADMIN,
    Right.MANAGE_LIMITS:      Role.ADMIN,
    Right.SHARE_PROVIDERS:    Role.ADMIN,
    Right.READ_TRAIL:         Role.ADMIN,
    Right.USER_PRIVACY:       Role.ADMIN,
    Right.MANAGE_OWNERS:      Role.OWNER,
    Right.CUSTOMER_PRIVACY:   Role.OWNER,
}  # fmt: skip


def may(actor: Actor, right: Right) -> bool:
    return actor.role.at_least(LOWEST[right])


def demand(actor: Actor, right: Right) -> None:
    """Refuse with 403. Where a route names an object, find it first: a foreign one is 404 before all."""
    if not may(actor, right):
        raise Forbidden(f"Your role, {actor.role}, may not {right.value}.")
