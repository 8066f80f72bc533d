"""The only door out: `public` for what users name (checked, pinned, bounded), `operator` for settings."""

from aidecamp.egress.door import Answer, Door, Egress, Limits
from aidecamp.egress.endpoint import Endpoint, EndpointBlocked, EndpointInvalid
from aidecamp.egress.faults import Fault, FaultKind
from aidecamp.egress.policy import Policy

__all__ = [
    "Answer",
    "Door",
    "Egress",
    "Endpoint",
    "EndpointBlocked",
    "EndpointInvalid",
    "Fault",
    "FaultKind",
    "Limits",
    "Policy",
]
