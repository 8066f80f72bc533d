"""A turn from the question to the books, over a scripted provider."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from aidecamp.chat import threads
from aidecamp.chat.refusals import Closing, EmptyQuestion
from aidecamp.db.pool import Database
from aidecamp.errors import NotFound
from aidecamp.metering.admission import QuotaExceeded
from aidecamp.providers.failures import NoProvider
from tests.chat.conftest import Worker, answered, ask, begun, connect, data, kinds, stored, text, told
from tests.doubles import CUT, HANG, Answer, ScriptedProvider, openai_stream, refusal
from tests.metering.books import disagreements, limit, standing
from tests.people import Cast

SMS = {
    "title": "Flash sale",
    "content": {"message": "30% off today only: https://shop.example.com/sale Reply STOP to opt out"},
    "reasoning": "Short messages work.",
}
pytestmark = pytest.mark.usefixtures("connected")


def hanging(said: str = "So far") -> Answer:
    """Says something, then nothing for ever."""
    whole = openai_stream([said])
    return Answer(200, whole.headers, [*whole.pieces[:3], HANG])


async def test_an_answer_is_told_event_by_event_and_booked_exactly(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(openai_stream(["Opens rose ", "by 15 %."], usage=(321, 9), cached=100))
    entries = await answered(here, cast.user.actor)
    assert kinds(entries)[0] == "start"
    assert kinds(entries)[-2:] == ["usage", "end"]
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert text(entries) == "Opens rose by 15 %."
    message = data(entries[-1])["message"]
    assert message["content"] == "Opens rose by 15 %."
    assert (message["tokens_input"], message["tokens_output"]) == (321, 9)
    assert message["status"] == "complete"
    assert data(entries[-2])["tokens_cached"] == 100
    assert data(entries[-1])["quota"]["daily"]["used"] == 330
    assert data(entries[0])["quota"]["daily"]["reserved"] > 0
    assert data(entries[-1])["quota"]["daily"]["reserved"] == 0
    assert not await disagreements(database, cast.customer)


async def test_what_is_sent_never_exceeds_what_was_set_aside(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    await limit(database, cast.user.actor, 3000, 3000)
    await answered(here, cast.user.actor)
    sent = provider.posts[0].json
    async with database.customer(cast.user.actor) as tx:
        reserved = await tx.value("select max_output from ai_requests")
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == reserved <= 500


async def test_a_refused_question_leaves_a_trail_and_nothing_else_and_reaches_no_provider(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    await limit(database, cast.user.actor, 50, 50)
    conversation = await begun(here, cast.user.actor)
    with pytest.raises(QuotaExceeded):
        await ask(here, cast.user.actor, conversation=conversation)
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from ai_messages") == 0
        assert await tx.value("select count(*) from audit_entries where outcome like 'quota%%'") >= 1
    assert not provider.posts


async def test_without_a_provider_nothing_is_asked(here: Worker, cast: Cast) -> None:
    with pytest.raises(NoProvider):
        await ask(here, cast.colleague.actor)


async def test_an_empty_question_is_refused(here: Worker, cast: Cast) -> None:
    with pytest.raises(EmptyQuestion):
        await ask(here, cast.user.actor, " \n ")


async def test_iso_20_a_colleagues_conversation_is_absent(here: Worker, cast: Cast) -> None:
    conversation = await begun(here, cast.user.actor)
    for other in (cast.colleague.actor, cast.stranger.actor):
        with pytest.raises(NotFound):
            await ask(here, other, conversation=conversation)


async def test_a_tool_call_becomes_a_suggestion(here: Worker, provider: ScriptedProvider, cast: Cast) -> None:
    provider.say(openai_stream(["Here it is."], tools=[("suggest_sms_content", SMS)]))
    entries = await answered(here, cast.user.actor, "Write an SMS for the flash sale")
    offered = [tool["function"]["name"] for tool in provider.posts[0].json["tools"]]
    assert "suggest_sms_content" in offered
    assert kinds(entries)[-3:] == ["suggestion", "usage", "end"]
    suggestion = data(entries[-3])
    assert suggestion["suggestion_type"] == "sms_content"
    assert suggestion["status"] == "pending"
    assert not [check for check in suggestion["checks"] if check["level"] == "error"]


async def test_a_malformed_suggestion_goes_back_once_and_both_calls_are_booked(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(
        openai_stream(["Look:"], tools=[("suggest_sms_content", {"title": "x"})], usage=(100, 10)),
        openai_stream([], tools=[("suggest_sms_content", SMS)], usage=(150, 20)),
    )
    entries = await answered(here, cast.user.actor, "Write an SMS")
    assert len(provider.posts) == 2
    assert "suggestion" in kinds(entries)
    usage = data(entries[-2])
    assert (usage["tokens_input"], usage["tokens_output"]) == (250, 30)
    async with database.customer(cast.user.actor) as tx:
        purposes = await tx.values("select purpose from ai_requests order by created_at")
    assert purposes == ["chat", "repair"]
    assert (await standing(database, cast.customer, cast.user.id)).used == 280
    assert not await disagreements(database, cast.customer)


async def test_what_stays_malformed_is_shown_as_text(
    here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    wrong = openai_stream(["Look:"], tools=[("suggest_sms_content", {"title": "my wrong one"})])
    provider.say(wrong, wrong)
    entries = await answered(here, cast.user.actor, "Write an SMS")
    assert "suggestion" not in kinds(entries)
    assert "my wrong one" in text(entries)
    message = data(entries[-1])["message"]
    assert message["content"] == text(entries)
    assert message["status"] == "complete"


async def test_without_room_for_a_repair_it_is_skipped_with_a_sentence(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    await limit(database, cast.user.actor, 4000, 4000)
    provider.say(openai_stream(["Look:"], tools=[("suggest_sms_content", {"title": "x"})], usage=(3900, 50)))
    entries = await answered(here, cast.user.actor, "Write an SMS")
    assert len(provider.posts) == 1
    assert "not enough tokens" in text(entries)


async def test_quo_13_a_failure_before_the_answer_is_an_error_event_and_costs_nothing(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(refusal(401, "bad key"))
    asked = await ask(here, cast.user.actor)
    entries = await told(here, cast.user.actor, asked.message_id)
    assert kinds(entries) == ["start", "usage", "error"]
    assert data(entries[-1])["code"] == "invalid_key"
    message = await stored(database, cast.user.actor, asked.message_id)
    assert (message.status, message.error_code) == ("failed", "invalid_key")
    now = await standing(database, cast.customer, cast.user.id)
    assert (now.used, now.reserved) == (0, 0)


async def test_prov_07_a_cut_answer_is_kept_counted_and_never_a_suggestion(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    whole = openai_stream(["Half an ans"], tools=[("suggest_sms_content", SMS)])
    provider.say(Answer(200, whole.headers, [*whole.pieces[:4], CUT]))
    asked = await ask(here, cast.user.actor, "Write an SMS")
    entries = await told(here, cast.user.actor, asked.message_id)
    assert kinds(entries)[-1] == "error"
    assert "suggestion" not in kinds(entries)
    message = await stored(database, cast.user.actor, asked.message_id)
    assert message.status == "interrupted"
    assert message.content.startswith("Half an ans")
    assert message.is_estimated
    now = await standing(database, cast.customer, cast.user.id)
    assert now.used > 0
    assert now.reserved == 0


async def test_stop_keeps_and_counts_what_was_written(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(hanging())
    asked = await ask(here, cast.user.actor)
    await _until_said(here, cast, asked.message_id)
    message = await here.turns.stop(cast.user.actor, asked.message_id)
    assert (message.status, message.content) == ("stopped", "So far")
    assert kinds(await told(here, cast.user.actor, asked.message_id))[-1] == "end"
    now = await standing(database, cast.customer, cast.user.id)
    assert now.used > 0
    assert now.reserved == 0
    assert (await here.turns.stop(cast.user.actor, asked.message_id)).status == "stopped"


async def test_stop_reaches_a_turn_on_another_worker(
    here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(hanging())
    asked = await ask(here, cast.user.actor)
    await _until_said(here, cast, asked.message_id)
    message = await elsewhere.turns.stop(cast.user.actor, asked.message_id)
    assert message.status == "stopped"


async def test_another_worker_follows_the_same_events(
    here: Worker, elsewhere: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(openai_stream([f"piece {n} " for n in range(20)], gap=0.05))
    asked = await ask(here, cast.user.actor)
    mine, others = await asyncio.gather(
        told(here, cast.user.actor, asked.message_id), told(elsewhere, cast.user.actor, asked.message_id)
    )
    assert mine == others
    for after in (0, 3, 10, len(mine) - 1):
        assert await told(elsewhere, cast.user.actor, asked.message_id, after) == mine[after:]


async def test_nobody_listening_does_not_stop_the_answer(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(openai_stream(["a", "b", "c"], gap=0.05, usage=(50, 3)))
    asked = await ask(here, cast.user.actor)
    async for _ in here.turns.follow(cast.user.actor, asked.message_id):
        break
    await told(here, cast.user.actor, asked.message_id)
    assert (await stored(database, cast.user.actor, asked.message_id)).content == "abc"


async def test_crash_05_draining_interrupts_what_takes_too_long_and_settles_all(
    database: Database,
    here: Worker,
    provider: ScriptedProvider,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aidecamp.chat.turn.GRACE_SECONDS", 0.2)
    provider.always(hanging())
    await limit(database, cast.user.actor, None, None)
    asked = [await ask(here, cast.user.actor) for _ in range(3)]
    for each in asked:
        await _until_said(here, cast, each.message_id)
    reading = [asyncio.create_task(told(here, cast.user.actor, each.message_id)) for each in asked]
    await asyncio.sleep(0)
    await here.turns.drain()
    for each, entries in zip(asked, await asyncio.gather(*reading), strict=True):
        assert kinds(entries)[-1] == "error"
        assert (await stored(database, cast.user.actor, each.message_id)).status == "interrupted"
    assert (await standing(database, cast.customer, cast.user.id)).reserved == 0
    with pytest.raises(Closing):
        await ask(here, cast.user.actor)


async def test_gdpr_03_a_conversation_deleted_in_mid_answer_stays_deleted_and_is_counted(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    provider.say(openai_stream(["secret words"] * 10, gap=0.1, usage=(40, 20)))
    conversation = await begun(here, cast.user.actor)
    asked = await ask(here, cast.user.actor, conversation=conversation)
    await _until_said(here, cast, asked.message_id)
    reading = asyncio.create_task(told(here, cast.user.actor, asked.message_id))
    await threads.delete(here.turns, cast.user.actor, conversation.id)
    entries = await asyncio.wait_for(reading, 10)
    assert kinds(entries)[-1] == "error"
    async with database.customer(cast.user.actor) as tx:
        assert await tx.value("select count(*) from ai_messages") == 0
        assert await tx.value("select count(*) from turn_journal") == 0
    now = await standing(database, cast.customer, cast.user.id)
    assert now.used > 0
    assert now.reserved == 0


async def test_a_small_model_gets_a_lean_prompt(
    database: Database, here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    await connect(database, cast.manager.actor, provider, "smollm2-135m-instruct")
    await answered(here, cast.manager.actor, "How did we do?")
    sent = provider.posts[0].json
    assert "tools" not in sent
    assert len(str(sent["messages"])) < 2400


async def test_the_second_question_brings_the_first_along(
    here: Worker, provider: ScriptedProvider, cast: Cast
) -> None:
    conversation = await begun(here, cast.user.actor)
    await answered(here, cast.user.actor, "What sold best?", conversation=conversation)
    await answered(here, cast.user.actor, "And worst?", conversation=conversation)
    said = [message["content"] for message in provider.posts[1].json["messages"]]
    assert said[1:] == ["What sold best?", "Hello from the script.", "And worst?"]


async def _until_said(here: Worker, cast: Cast, message_id: UUID) -> None:
    async with asyncio.timeout(5):
        async for batch in here.turns.follow(cast.user.actor, message_id):
            if "delta" in kinds(batch):
                return
