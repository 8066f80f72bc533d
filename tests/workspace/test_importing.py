"""A file into the workspace: good rows kept, bad rows aside, once however often, consent never widened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from aidecamp.actor import Actor
from aidecamp.db.pool import Database
from aidecamp.errors import Invalid
from aidecamp.workspace.adapter import WorkspaceHost
from aidecamp.workspace.importing import engine
from aidecamp.workspace.importing.engine import Summary
from aidecamp.workspace.models import Contact, ImportKind
from aidecamp.workspace.store import contacts, merge_events
from tests.people import Cast


async def bring(database: Database, actor: Actor, kind: ImportKind, text: str | bytes) -> tuple[Summary, str]:
    data = text.encode() if isinstance(text, str) else text
    rejected = bytearray()

    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1000):
            yield data[at : at + 1000]

    async def reject(block: bytes) -> None:
        rejected.extend(block)

    async def progress(_taken: int, _rows: int) -> None: ...

    summary = await engine.run(database, actor, kind, source, reject, progress)
    assert summary.read == summary.created + summary.updated + summary.unchanged + summary.rejected
    return summary, rejected.decode()


async def people(database: Database, actor: Actor) -> dict[str, Contact]:
    async with database.customer(actor) as tx:
        return {c.email or c.key or c.phone or "": c for c in await contacts.listed(tx, limit=200)}


async def test_contacts_come_with_their_names_consent_and_attributes(database: Database, cast: Cast) -> None:
    summary, rejected = await bring(
        database,
        cast.manager.actor,
        "contacts",
        "E-Mail Address,First Name,Last Name,Phone,Accepts Email Marketing,City\n"
        "Ann@Example.org,Ann,Arbor,'+49 151 1234567,yes,Köln\n"
        "bad address,X,Y,,yes,\n"
        "too,few\n"
        "bob@example.org,Bob,,,no,\n",
    )
    assert (summary.created, summary.rejected) == (2, 2)
    found = await people(database, cast.manager.actor)
    ann = found["ann@example.org"]
    assert (ann.first_name, ann.phone, ann.email_consent, ann.sms_consent) == (
        "Ann",
        "+491511234567",
        True,
        None,
    )
    assert ann.attributes == {"city": "Köln"}
    assert found["bob@example.org"].email_consent is False
    assert '"3","The e-mail address is not valid.","bad address"' in rejected
    assert '"4","The row has 2 cells, the first row has 6."' in rejected


async def test_the_same_file_again_changes_nothing_io_14(database: Database, cast: Cast) -> None:
    text = "key,email,city\nk1,a@example.org,Rome\nk2,b@example.org,Oslo\n"
    await bring(database, cast.manager.actor, "contacts", text)
    summary, _ = await bring(database, cast.manager.actor, "contacts", text)
    assert (summary.created, summary.updated, summary.unchanged) == (0, 0, 2)
    summary, _ = await bring(database, cast.manager.actor, "contacts", text.replace("Oslo", "Bergen"))
    assert (summary.created, summary.updated, summary.unchanged) == (0, 1, 1)


@pytest.mark.parametrize(
    ("first", "then", "now"),
    [("no", "yes", False), ("yes", "no", False), ("", "yes", True), ("yes", "", True), ("no", "", False)],
)
async def test_consent_is_never_widened_io_13(
    database: Database, cast: Cast, first: str, then: str, now: bool
) -> None:
    actor = cast.manager.actor
    for said in (first, then):
        await bring(database, actor, "contacts", f"email,email_consent\na@example.org,{said}\n")
    assert (await people(database, actor))["a@example.org"].email_consent is now


async def test_ids_and_owners_in_a_file_are_left_out_io_13(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    row = f"{cast.stranger.actor.customer_id},{cast.stranger.id},yes,a@example.org"
    text = f"customer_id,id,consent,email\n{row}\n"
    summary, _ = await bring(database, actor, "contacts", text)
    assert summary.notes == ["Columns left out: customer_id, id, consent."]
    contact = (await people(database, actor))["a@example.org"]
    assert contact.id != cast.stranger.id
    assert contact.email_consent is None
    assert contact.attributes is None
    assert await people(database, cast.stranger.actor) == {}


async def test_controls_and_lone_surrogates_are_normalised_io_10(database: Database, cast: Cast) -> None:
    text = "email,first_name,note\na@example.org,A\x00n\u202en,x\x01y\x00z\n".encode()
    text += b"b@example.org,\xed\xa0\x80,ok\n"
    summary, _ = await bring(database, cast.manager.actor, "contacts", text)
    assert summary.created == 2
    ann = (await people(database, cast.manager.actor))["a@example.org"]
    assert ann.first_name == "A\ufffdnn"
    assert ann.attributes == {"note": "xy\ufffdz"}


async def test_a_line_break_in_an_address_is_refused_io_11(database: Database, cast: Cast) -> None:
    text = 'email,first_name\n"a@example.org\r\nBcc: b@example.org",A\n'
    summary, rejected = await bring(database, cast.manager.actor, "contacts", text)
    assert summary.rejected == 1
    assert "line break" in rejected


async def test_twins_in_one_file_are_told_apart_or_refused(database: Database, cast: Cast) -> None:
    summary, rejected = await bring(
        database,
        cast.manager.actor,
        "contacts",
        "key,email,first_name,email_consent\nk1,a@example.org,A,yes\nk1,a@example.org,Ann,no\n"
        "k2,a@example.org,B,yes\n,c@example.org,C,yes\n",
    )
    assert (summary.created, summary.unchanged, summary.rejected) == (2, 1, 1)
    assert '"4","The file gives this address or key to two contacts' in rejected
    ann = (await people(database, cast.manager.actor))["a@example.org"]
    assert (ann.key, ann.first_name, ann.email_consent) == ("k1", "Ann", False)


async def test_formulas_in_rejected_rows_are_harmless_io_01(database: Database, cast: Cast) -> None:
    _, rejected = await bring(database, cast.manager.actor, "contacts", "email,x\n=cmd|' /C calc'!A0,＝1+1\n")
    assert "\"'=cmd" in rejected
    assert '"\'＝1+1"' in rejected


async def test_a_file_that_is_no_contact_list_is_refused_whole(database: Database, cast: Cast) -> None:
    for text in ("", "colour,size\nred,1\n"):
        with pytest.raises(Invalid):
            await bring(database, cast.manager.actor, "contacts", text)


EVENTS = (
    "email,campaign,kind,channel,occurred_at,value\n"
    "a@example.org,Spring,sent,email,2026-03-02T23:30:00+00:00,\n"
    "a@example.org,Spring,opened,email,2026-03-03T09:00:00+01:00,\n"
    "a@example.org,Spring,purchased,email,2026-03-03T10:00:00+01:00,29.90\n"
    "a@example.org,Spring,purchased,email,2026-03-03T10:00:00+01:00,29.90\n"
    "a@example.org,Spring,unsubscribed,email,2026-03-04 10:00,\n"
    "a@example.org,Spring,exploded,email,2026-03-04 10:00,\n"
    "a@example.org,Spring,opened,email,yesterday,\n"
)


async def test_events_count_once_however_often_their_file_comes(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    await bring(database, actor, "contacts", "email,email_consent\na@example.org,yes\n")
    summary, rejected = await bring(database, actor, "events", EVENTS)
    assert (summary.created, summary.rejected) == (5, 2)
    assert "The kind of event is not one of" in rejected
    summary, _ = await bring(database, actor, "events", EVENTS)
    assert (summary.created, summary.unchanged) == (0, 5)
    host = WorkspaceHost()
    async with database.customer(actor) as tx:
        totals = await host.figures.totals(tx, actor, days=30, until=None)
        days = await host.figures.by_day(tx, actor, days=30, until=None)
        campaigns = await host.figures.campaigns(tx, actor)
        overview = await host.figures.overview(tx, actor)
    assert (totals.sent, totals.opened, totals.purchased, totals.unsubscribed) == (1, 1, 2, 1)
    assert totals.revenue == 59.8
    assert [day.label for day in days] == ["2026-03-03", "2026-03-04"]  # 23:30 UTC is the next day in Berlin
    assert campaigns[0].name == "Spring"
    assert campaigns[0].counts == totals
    assert overview.reachable == {"email": 0, "sms": 0}  # the unsubscription is a no


async def test_roll_ups_kept_in_step_equal_roll_ups_made_anew(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    await bring(database, actor, "events", EVENTS)
    more = EVENTS.replace("2026-03-03", "2026-03-05").replace("29.90", "1.234,50")
    await bring(database, actor, "events", more.replace(",1.234,50", ',"1.234,50"'))
    async with database.customer(actor) as tx:
        host = WorkspaceHost()
        before = await host.figures.by_weekday_hour(tx, actor, days=30, until=None)
        await merge_events.rebuild(tx, actor)
        assert await host.figures.by_weekday_hour(tx, actor, days=30, until=None) == before
        totals = await host.figures.totals(tx, actor, days=30, until=None)
    assert Decimal(str(totals.revenue)) == Decimal("2528.80")


async def test_campaigns_come_by_key_and_stay_one(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    text = (
        "Campaign ID,Campaign Name,Campaign Channel,Subject,Send Time\n"
        "c1,Spring,Email,Hello {{first_name}},2026-03-01 10:00\nc2,,Email,x,\n"
    )
    summary, rejected = await bring(database, actor, "campaigns", text)
    assert (summary.created, summary.rejected) == (1, 1)
    assert "The campaign has no name." in rejected
    summary, _ = await bring(database, actor, "campaigns", text.replace("Spring", "Spring sale"))
    assert (summary.created, summary.updated) == (0, 1)
    async with database.customer(actor) as tx:
        found = await WorkspaceHost().figures.campaigns(tx, actor)
    assert [(c.name, c.status, c.subject) for c in found] == [("Spring sale", "sent", "Hello {{first_name}}")]


async def test_deleting_a_contact_takes_its_events_along(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    await bring(database, actor, "events", EVENTS)
    async with database.customer(actor) as tx:
        assert await tx.value("select count(*) from events") == 5
        await tx.run("delete from contacts")
        assert await tx.value("select count(*) from events") == 0


async def test_an_imported_draft_that_people_work_on_stays_theirs(database: Database, cast: Cast) -> None:
    actor = cast.manager.actor
    text = "campaign_id,name,channel,status,message\nd1,Text,sms,draft,Hello\n"
    await bring(database, actor, "campaigns", text)
    async with database.customer(actor) as tx:
        await tx.run("update campaigns set content = jsonb_build_object('message', 'Mine')")
    summary, _ = await bring(database, actor, "campaigns", text)
    assert (summary.updated, summary.unchanged) == (0, 1)
    await bring(database, actor, "campaigns", text.replace("draft", "sent"))
    async with database.customer(actor) as tx:
        [now] = await WorkspaceHost().figures.campaigns(tx, actor)
    assert (now.status, now.content) == ("sent", {"message": "Hello"})
