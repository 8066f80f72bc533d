"""What identity says and hears over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aidecamp.actor import Role
from aidecamp.identity import passwords, tokens
from aidecamp.identity.models import Token, User
from aidecamp.web.text import CleanName

Address = Annotated[str, Field(max_length=320, examples=["ana@example.org"])]
Password = Annotated[str, Field(max_length=passwords.LONGEST)]
Name = Annotated[CleanName, StringConstraints(max_length=200)]
TokenName = Annotated[CleanName, StringConstraints(min_length=1, max_length=100)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Credentials(Body):
    email: Address
    password: Password


class SignedIn(BaseModel):
    """The session itself is in the cookie; unsafe requests on it send `csrf_token` as X-CSRF-Token."""

    user: UserOut
    csrf_token: str
    expires_at: datetime


class NewToken(Body):
    name: TokenName
    expires_in_days: Annotated[int, Field(ge=1, le=tokens.LONGEST_DAYS)] = tokens.DEFAULT_DAYS


class TokenOut(BaseModel):
    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> TokenOut:
        return cls(**{name: getattr(token, name) for name in cls.model_fields})


class IssuedToken(TokenOut):
    """`token` is shown here once and kept nowhere."""

    token: str


class NewUser(Body):
    """Without a password one is made and told once in the answer."""

    email: Address
    name: Name = ""
    role: Role = Role.USER
    password: Password | None = None


class UserChange(Body):
    """What is absent stays as it is."""

    email: Address | None = None
    name: Name | None = None
    role: Role | None = None
    is_active: bool | None = None
    password: Password | None = None


class UserOut(BaseModel):
    id: UUID
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, user: User) -> UserOut:
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class CreatedUser(UserOut):
    """`password` is the one that was made, shown here once, or null where the request brought its own."""

    password: str | None = None
