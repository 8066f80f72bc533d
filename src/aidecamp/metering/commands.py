"""`aidecamp usage …`: the books, checked from the command line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from aidecamp import settings
from aidecamp.db.addresses import addresses
from aidecamp.db.pool import Database
from aidecamp.metering.verify import Finding, verify
from aidecamp.terminal import AsJson, CommandFailed, tell

app = App(name="usage", help="What was used, and whether the books agree.")


@app.command(name="verify")
async def verify_(
    *,
    customer: Annotated[UUID | None, Parameter(help="Only this customer; all of them otherwise.")] = None,
    json: AsJson = False,
) -> None:
    """Recompute usage from the request ledger; exit 1 and a list where they differ."""
    async with addresses(settings.load()) as urls:
        database = Database(urls.serving, max_size=2)
        await database.open()
        try:
            checked, findings = await verify(database, customer)
        finally:
            await database.close()
    tell(
        _report(checked, findings),
        {"customers": checked, "differences": [asdict(finding) for finding in findings]},
        json,
    )
    if findings:
        figures = "1 figure differs" if len(findings) == 1 else f"{len(findings)} figures differ"
        raise CommandFailed(f"{figures} from the ledger.")


def _report(checked: int, findings: list[Finding]) -> str:
    if not findings:
        books = "1 customer agree" if checked == 1 else f"{checked} customers agree"
        return f"The books of {books} with the ledger."
    return "\n".join(
        f"customer {f.customer_id} user {f.user_id} {f.what}: kept {f.kept or 'nothing'},"
        f" ledger {f.recomputed or 'nothing'}"
        for f in findings
    )
