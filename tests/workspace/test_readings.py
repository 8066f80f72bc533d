from __future__ import annotations

import pytest

from aidecamp.host.port import Counts, Slice
from aidecamp.workspace.readings import opened

MAIL = Slice("email", Counts(sent=110, delivered=100, opened=25))
TEXTS = Slice("sms", Counts(sent=900, delivered=900))


@pytest.mark.parametrize(
    ("channels", "rate"), [([MAIL], 0.25), ([MAIL, TEXTS], 0.25), ([TEXTS], None), ([], None)]
)
def test_channels_that_tell_of_no_opens_do_not_water_the_open_rate_down(
    channels: list[Slice], rate: float | None
) -> None:
    assert opened(channels) == rate
