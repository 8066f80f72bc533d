"""The commands. Each is a few lines; what it does lives in its room."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from types import FrameType
from typing import Annotated, NoReturn

import psycopg
import uvicorn
from cyclopts import App, CycloptsError, Parameter
from pydantic import ValidationError

from aidecamp import logs, settings
from aidecamp.app import attached, build
from aidecamp.db import check, migrate
from aidecamp.db.addresses import addresses
from aidecamp.db.session import prepare
from aidecamp.db.unprivileged import CannotRun
from aidecamp.errors import Refusal
from aidecamp.jobs import worker
from aidecamp.metering.commands import app as usage
from aidecamp.terminal import AsJson, CommandFailed, complain, note, tell
from aidecamp.workspace import commands as workspace_commands

app = App(
    name="aidecamp",
    help="The AI assistant of a campaign team: self-hosted, metered, isolated, audited.",
    version_flags=["--version"],
)

workspace_commands.register(app)
app.command(usage)

GRACEFUL_SECONDS = 20

EXPECTED = (Refusal, CannotRun, migrate.MigrationError, check.UnsafeDatabase, ValueError, OSError)


def main() -> NoReturn:
    """Run a command; every failure is one line on stderr and a status other than 0."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app(exit_on_error=False, print_error=False)
    except CycloptsError as error:
        complain(str(error))
        sys.exit(2)
    except CommandFailed as error:
        complain(str(error))
        sys.exit(error.status)
    except ValidationError as error:
        complain("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
        sys.exit(1)
    except EXPECTED as error:
        complain(str(error))
        sys.exit(1)
    except psycopg.OperationalError as error:
        complain(f"The database can't be reached: {str(error).splitlines()[0]}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


@app.command
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: Annotated[int, Parameter(help="Processes; one per core is plenty.")] = 1,
    jobs: Annotated[bool, Parameter(negative="--no-jobs", help="Do background jobs too.")] = True,
    json: AsJson = False,
) -> None:
    """Serve pages and the API; starts the embedded PostgreSQL unless AIDECAMP_DATABASE_URL is set."""
    chosen = _settings()
    if not jobs:
        os.environ["AIDECAMP_JOBS"] = "0"
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory(prefix="aidecamp-metrics-") as numbers:
        if workers > 1:
            # Read when prometheus_client is first used in each worker; they share the folder.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = numbers
        place = addresses(chosen)
        urls = runner.run(place.__aenter__())
        try:
            for name in runner.run(prepare(chosen, urls)):
                note(f"Applied migration {name}.")
            tell(f"Aidecamp serves on http://{host}:{port}", {"url": f"http://{host}:{port}"}, json)
            uvicorn.run(
                "aidecamp.app:serving", factory=True, host=host, port=port, workers=workers,
                timeout_graceful_shutdown=GRACEFUL_SECONDS, log_config=None, access_log=False,
                server_header=False, proxy_headers=False,
            )  # fmt: skip
        finally:
            runner.run(place.__aexit__(None, None, None))


@app.command
async def jobs(*, json: AsJson = False) -> None:
    """Only the background jobs, until stopped."""
    chosen = _settings()
    async with addresses(chosen) as urls:
        await prepare(chosen, urls)
        async with attached(build(chosen), urls.serving) as services:
            tell("Working on background jobs.", {"status": "working"}, json)
            working = asyncio.create_task(worker.run(services))
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, working.cancel)
            await asyncio.wait([working])
            if not working.cancelled():
                working.result()


@app.command(name="migrate")
async def migrate_(*, json: AsJson = False) -> None:
    """Bring the schema up to date."""
    chosen = _settings()
    async with addresses(chosen) as urls:
        applied = await migrate.migrate(urls.owner, await migrate.serving_role(urls.serving))
    text = "\n".join(f"Applied {name}." for name in applied) or "Nothing to apply."
    tell(text, {"applied": applied}, json)


def _settings() -> settings.Settings:
    chosen = settings.load()
    logs.configure(chosen.log_format, chosen.log_level)
    return chosen


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM unwinds like an exit, so that the last process stops the database."""
    sys.exit(0)


if __name__ == "__main__":
    main()
