"""The commands. Each is a few lines; what it does lives in its room."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn
from uuid import UUID

import psycopg
import uvicorn
from cyclopts import App, CycloptsError, Parameter, validators
from pydantic import ValidationError

from aidecamp import audit, logs, settings
from aidecamp.app import attached, build
from aidecamp.db import backup, check, migrate
from aidecamp.db.addresses import addresses
from aidecamp.db.doctor import examine
from aidecamp.db.session import bring_up_to_date, prepare, session
from aidecamp.db.unprivileged import CannotRun
from aidecamp.demo import announcement, connecting, seed, tryout
from aidecamp.errors import Refusal
from aidecamp.identity import commands as identity_commands
from aidecamp.jobs import worker
from aidecamp.metering.commands import app as usage
from aidecamp.providers import opening
from aidecamp.providers.commands import app as keys
from aidecamp.providers.opening import opened
from aidecamp.terminal import AsJson, CommandFailed, complain, note, tell
from aidecamp.web import listening
from aidecamp.workspace import commands as workspace_commands

app = App(
    name="aidecamp",
    help="The AI assistant of a campaign team: self-hosted, metered, isolated, audited.",
    version_flags=["--version"],
)

identity_commands.register(app)
workspace_commands.register(app)
app.command(usage)
app.command(keys)
trail = App(name="audit", help="The audit trail.")
app.command(trail)

GRACEFUL_SECONDS = 20
UVICORN: dict[str, Any] = {
    "timeout_graceful_shutdown": GRACEFUL_SECONDS,
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
}

Port = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65_535))]
AT_LEAST_ONE = validators.Number(gte=1)

EXPECTED = (
    Refusal,
    CannotRun,
    migrate.MigrationError,
    check.UnsafeDatabase,
    backup.BackupFailed,
    ValueError,
    OSError,
)


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
        complain(_sentence(error))
        sys.exit(1)
    except psycopg.OperationalError as error:
        complain(f"The database can't be reached: {str(error).splitlines()[0]}")
        sys.exit(1)
    except psycopg.Error as error:
        complain(f"The database refused: {str(error).splitlines()[0]}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


@app.command
def serve(
    *,
    host: str = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, Parameter(help="Processes; one per core is plenty.", validator=AT_LEAST_ONE)] = 1,
    jobs: Annotated[bool, Parameter(negative="--no-jobs", help="Do background jobs too.")] = True,
    json: AsJson = False,
) -> None:
    """Serve pages and the API; starts the embedded PostgreSQL unless AIDECAMP_DATABASE_URL is set."""
    chosen = _settings()
    opening.readable(chosen)
    if not jobs:
        os.environ["AIDECAMP_JOBS"] = "0"
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory(prefix="aidecamp-metrics-") as numbers:
        if workers > 1:
            # Read when prometheus_client is first used in each worker; they share the folder.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = numbers
        runner.run(listening.require(host, port))
        place = addresses(chosen)
        urls = runner.run(place.__aenter__())
        try:
            for name in runner.run(prepare(chosen, urls)):
                note(f"Applied migration {name}.")
            runner.run(opening.ready(chosen, urls.serving))
            tell(f"Aidecamp serves on http://{host}:{port}", {"url": f"http://{host}:{port}"}, json)
            uvicorn.run(
                "aidecamp.app:serving", factory=True, host=host, port=port, workers=workers, **UVICORN
            )  # fmt: skip
        finally:
            runner.run(place.__aexit__(None, None, None))


@app.command
async def demo(
    *,
    port: Port = 8000,
    browser: Annotated[bool, Parameter(negative="--no-browser", help="Open a browser.")] = True,
    json: AsJson = False,
) -> None:
    """Everything on one machine, no key needed: data, people, a local try-out model."""
    chosen = _settings()
    if "log_level" not in chosen.model_fields_set:
        # The terminal belongs to the sign-ins here, not to what a server notes down.
        logs.configure(chosen.log_format, "warning")
    if not chosen.embedded:
        raise CommandFailed("The demo brings its own database: unset AIDECAMP_DATABASE_URL.")
    await listening.require("127.0.0.1", port)
    note("Starting PostgreSQL and the try-out model …")
    async with addresses(chosen) as urls, tryout.running(chosen.home) as model:
        if model:
            allowed = f"{chosen.allowed_private},127.0.0.1:{model.port}"
            chosen = chosen.model_copy(update={"private_endpoints": allowed})
        await prepare(chosen, urls)
        async with session(chosen) as database, opened(chosen, database) as models:
            note("Filling in the demo's data (the first time only) …")
            seeded = await seed.seeded(database, chosen.home)
            ollama = await tryout.ollama_models(models.egress)
            await connecting.connect(database, models.vault, seeded, model, ollama)
        config = uvicorn.Config(build(chosen), port=port, **UVICORN)
        address = f"http://127.0.0.1:{port}"
        await announcement.Announcing(config, address, seeded, as_json=json, browser=browser).serve()


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
        applied = await bring_up_to_date(chosen, urls)
    text = "\n".join(f"Applied {name}." for name in applied) or "Nothing to apply."
    tell(text, {"applied": applied}, json)


@app.command(name="backup")
async def back_up(file: Path, *, json: AsJson = False) -> None:
    """Write everything to FILE as plain SQL, while people work."""
    async with addresses(_settings()) as urls:
        size = await backup.back_up(urls.superuser, file)
    tell(f"Wrote {file} ({size:,} bytes).", {"file": str(file), "bytes": size}, json)


@app.command
async def restore(file: Path, *, json: AsJson = False) -> None:
    """Bring a backup into an empty database: all of it or nothing."""
    chosen = _settings()
    async with addresses(chosen) as urls:
        await backup.restore(urls.owner, file)
        await prepare(chosen, urls)
    tell(f"Restored {file}.", {"restored": str(file)}, json)


@app.command
async def doctor(*, json: AsJson = False) -> None:
    """Check everything that must be right; says what to do about each finding."""
    chosen = _settings()
    async with addresses(chosen) as urls:
        found = await examine(chosen, urls.serving)
    marks = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}
    lines = (f"{marks[finding.level]}  {finding.subject}: {finding.sentence}" for finding in found)
    tell("\n".join(lines), {"findings": [asdict(finding) for finding in found]}, json)
    if any(finding.level == "error" for finding in found):
        raise CommandFailed("The doctor found errors.")


@trail.command(name="verify")
async def verify_trail(*, customer: UUID | None = None, json: AsJson = False) -> None:
    """Walk the sealed trail; status 1 at the first broken link."""
    async with session(_settings()) as database:
        # What commands wrote while no server ran waits for a sealer: this is one.
        await audit.seal(database)
        async with database.outside() as tx:
            chosen = [customer] if customer else await audit.customers(tx)
        verdicts = []
        for each in chosen:
            async with database.of(each) as tx:
                verdicts.append(await audit.verify(tx, each))
    lines = [
        f"{v.customer_id}  {v.sealed} sealed, {v.unsealed} waiting, head {v.head}: {v.problem or 'whole'}"
        for v in verdicts
    ]
    tell("\n".join(lines) or "There is no trail yet.", {"trails": [asdict(v) for v in verdicts]}, json)
    if broken := [v for v in verdicts if v.problem]:
        raise CommandFailed(f"The trail of {broken[0].customer_id} is broken: {broken[0].problem}.")


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} can't be used: {error.strerror}."
    return str(error)


def _settings() -> settings.Settings:
    chosen = settings.load()
    logs.configure(chosen.log_format, chosen.log_level)
    return chosen


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM unwinds like an exit, so that the last process stops the database."""
    sys.exit(0)


if __name__ == "__main__":
    main()
