"""Text from people and models, normalised once at the border before it is stored, prompted or shown."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Controls but tab and newline; bidirectional overrides, which make text read other than it is stored;
# the tag block, which hides instructions from people; annotation marks and noncharacters.
_DROPPED = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
    "\u061c\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("\r\n|\r|\x85|\u2028|\u2029")
# Joiners shape scripts and emoji in prose; in names and addresses they only make two things look alike.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text as it may be stored: no NUL, lone surrogate, control, override or tag character."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    broken = _BREAKS.sub("\n", whole.replace("\0", REPLACEMENT))
    return _DROPPED.sub("", broken)


def clean_name(text: str) -> str:
    """The same for names, titles and addresses: one line, nothing invisible, single spaces."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", clean(text))).strip()


def _if_text(rule: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: rule(value) if isinstance(value, str) else value)


CleanText = Annotated[str, _if_text(clean)]
CleanName = Annotated[str, _if_text(clean_name)]
