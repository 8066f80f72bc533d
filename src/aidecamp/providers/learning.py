"""What a model was seen to refuse, remembered by this process, so that the next request leaves it out."""

from __future__ import annotations

import re
from collections import OrderedDict

from aidecamp.providers.dialects.complaints import Complaint
from aidecamp.providers.failures import ProviderFailure
from aidecamp.providers.models import Provider

MOST = 4
MOST_MODELS = 1000

# Only what a request can do without; the limit on output is never dropped, it is part of the reservation.
DROPPABLE = (
    "temperature",
    "stream_options",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
)
OTHER_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
UNSUPPORTED = re.compile(
    r"unsupported|not support|does not support|unrecognized|unknown|extra_forbidden|not permitted|unexpected"
)


class Learned:
    """Bounded, and by customer and endpoint: one customer's server can't change another's requests."""

    def __init__(self) -> None:
        self._refused: OrderedDict[tuple[object, ...], frozenset[str]] = OrderedDict()

    def refused(self, provider: Provider) -> frozenset[str]:
        return self._refused.get(_key(provider), frozenset())

    def note(self, provider: Provider, parameter: str) -> frozenset[str]:
        key = _key(provider)
        self._refused[key] = self.refused(provider) | {parameter}
        self._refused.move_to_end(key)
        while len(self._refused) > MOST_MODELS:
            self._refused.popitem(last=False)
        return self._refused[key]


def unsupported(complaint: Complaint) -> str | None:
    """The parameter that a 400 or 422 complains about, where the request is as good without it."""
    if complaint.status not in (400, 422) or not UNSUPPORTED.search(complaint.words):
        return None
    named = (
        {complaint.param.rsplit(".", 1)[-1]}
        if complaint.param
        else set(re.findall(r"[a-z_]+", complaint.message))
    )
    for parameter in (*DROPPABLE, *OTHER_LIMIT):
        if parameter in named:
            return parameter
    return None


def _key(provider: Provider) -> tuple[object, ...]:
    return (provider.customer_id, provider.endpoint, provider.model_name)


class Unsupported(Exception):
    """A refusal that names a parameter which the request can do without."""

    def __init__(self, parameter: str, failure: ProviderFailure) -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.failure = failure
