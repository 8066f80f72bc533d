"""What the pages' forms send."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aidecamp.actor import Role
from aidecamp.identity import tokens
from aidecamp.identity.wire import Address, Body, Name, Password, TokenName


class Filled(Body):
    """Every form carries the session's token, which the guard has checked by then."""

    csrf_token: str = Field("", max_length=200)


class SignInForm(Filled):
    email: Address = ""
    password: Password = ""
    next: Annotated[str, Field(max_length=2000)] = "/"


class TokenForm(Filled):
    name: TokenName
    days: Annotated[int, Field(ge=1, le=tokens.LONGEST_DAYS)] = tokens.DEFAULT_DAYS


class NewPasswordForm(Filled):
    current: Password = ""
    new: Password = ""


class UserForm(Filled):
    email: Address = ""
    name: Name = ""
    role: Role = Role.USER
    is_active: bool = True
