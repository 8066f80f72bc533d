"""`aidecamp import`: rejected rows beside the file, a summary for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aidecamp.db.ids import new_id
from aidecamp.db.pool import Database
from aidecamp.errors import Invalid, NotFound
from aidecamp.workspace import commands
from aidecamp.workspace.store import imports
from tests.people import Cast


async def test_bad_rows_go_beside_the_file_and_good_ones_stay(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("email,first_name\na@example.org,Ann\nnobody,=1+1\n")
    actor = await commands.operator(database, cast.customer)
    seen: list[float] = []
    outcome = await commands.import_file(
        database, actor, "contacts", file, lambda share, _: seen.append(share)
    )
    assert outcome.rejected_file == tmp_path / "people.rejected.csv"
    assert (
        outcome.rejected_file.read_text().splitlines()[1].startswith('"3","The e-mail address is not valid."')
    )
    assert outcome.facts()["created"] == 1
    assert outcome.facts()["rejected"] == 1
    assert "1 new, 0 updated, 0 unchanged, 1 rejected" in commands.describe("contacts", outcome)
    assert seen[-1] == 1
    async with database.customer(actor) as tx:
        assert [(job.status, job.created) for job in await imports.listed(tx)] == [("done", 1)]
        assert await tx.values("select action from audit_entries") == ["import"]
    file.write_text("email\na@example.org\n")
    outcome = await commands.import_file(database, actor, "contacts", file)
    assert outcome.rejected_file is None
    assert not (tmp_path / "people.rejected.csv").exists()


async def test_a_wrong_file_or_customer_is_one_clear_sentence(
    database: Database, cast: Cast, tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        await commands.operator(database, new_id())
    actor = await commands.operator(database, cast.customer)
    with pytest.raises(Invalid, match="There is no file"):
        await commands.import_file(database, actor, "contacts", tmp_path / "absent.csv")
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(Invalid, match="The file is empty"):
        await commands.import_file(database, actor, "contacts", empty)
