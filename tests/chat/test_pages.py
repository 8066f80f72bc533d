"""The assistant's page as plain forms, and its stream."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.chat.test_turn import SMS
from tests.doubles import ScriptedProvider, openai_stream, refusal
from tests.people import Cast

EVIL = "Hi <script>alert(1)</script> ![x](https://evil.example/p.png) **bold**"


async def test_the_start_page_invites_and_needs_sign_in(client: Any, mine: Any) -> None:
    page = await mine.get("/assistant")
    assert page.status_code == 200, page.text
    assert 'action="/assistant/ask"' in page.text
    assert "Scripted · scripted-1" in page.text
    stranger = await (await client()).get("/assistant")
    assert stranger.status_code == 303


async def test_without_scripts_a_question_leads_to_its_conversation(
    mine: Any, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream([EVIL], tools=[("suggest_sms_content", SMS)]))
    path = await _ask(mine, "Write an SMS")
    message_id = await _done(mine, path)
    page = (await mine.get(path)).text
    assert "<strong>bold</strong>" in page
    assert "<script>alert" not in page
    assert "evil.example/p.png" not in re.findall(r'(?:src|srcset)="([^"]*)"', page)
    assert "Flash sale" in page
    assert "Apply to campaign" in page
    assert f'id="answer-{message_id}"' in page


async def test_the_stream_sends_the_text_so_far_and_then_the_page_s_own_answer(
    mine: Any, provider: ScriptedProvider
) -> None:
    provider.say(openai_stream(["**One** ", "two ", EVIL], gap=0.2, usage=(40, 9)))
    path = await _ask(mine, "Hello")
    said = await _stream(mine, await _newest(mine, path))
    texts = [data["html"] for name, data in said if name == "text"]
    assert texts[0].startswith("<p><strong>One</strong>")
    assert all("<script" not in html for html in texts)
    name, done = said[-1]
    assert name == "done"
    assert "49 tokens" in done["html"]
    assert "49" in done["quota"]


async def test_a_refused_first_question_keeps_the_words_and_leaves_no_conversation(
    mine: Any, provider: ScriptedProvider
) -> None:
    response = await mine.post("/assistant/ask", data=await _form(mine, content="   ", context="analytics"))
    assert response.status_code == 422
    assert "The question is empty" in response.text
    assert not (await mine.get("/api/v1/conversations")).json()["items"]


async def test_a_failed_answer_says_why_and_can_be_asked_again(mine: Any, provider: ScriptedProvider) -> None:
    provider.say(refusal(401, "bad"))
    path = await _ask(mine, "Hello")
    message_id = await _done(mine, path)
    page = (await mine.get(path)).text
    assert "did not accept the key" in page
    assert "Ask again" in page
    again = await mine.post(f"/assistant/answers/{message_id}/retry", data=await _form(mine))
    assert again.status_code == 303
    await _done(mine, path)
    assert "Hello from the script." in (await mine.get(path)).text


async def test_a_further_question_comes_back_as_a_fragment(mine: Any, provider: ScriptedProvider) -> None:
    path = await _ask(mine, "Hello")
    await _done(mine, path)
    form = await _form(mine, content="And <b>now</b>?")
    response = await mine.post(f"{path}/ask", data=form, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert response.text.count("<article") == 2
    assert "And &lt;b&gt;now&lt;/b&gt;?" in response.text
    refused = await mine.post(
        f"{path}/ask", data=await _form(mine, content=" "), headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422
    assert refused.headers["HX-Retarget"] == "#notices"


async def test_rename_archive_and_delete(mine: Any, provider: ScriptedProvider) -> None:
    path = await _ask(mine, "Hello")
    await _done(mine, path)
    await mine.post(f"{path}/rename", data=await _form(mine, title="Spring plans"))
    assert "Spring plans" in (await mine.get("/assistant")).text
    await mine.post(f"{path}/archive", data=await _form(mine))
    assert "Spring plans" not in (await mine.get("/assistant")).text
    assert "Spring plans" in (await mine.get("/assistant?is_archived=true")).text
    await mine.post(f"{path}/delete", data=await _form(mine))
    assert (await mine.get(path)).status_code == 404


@pytest.mark.parametrize("person", ["colleague", "admin", "stranger"])
async def test_iso_20_nobody_else_sees_the_page(
    client: Any, cast: Cast, mine: Any, provider: ScriptedProvider, person: str
) -> None:
    path = await _ask(mine, "Hello")
    message_id = await _done(mine, path)
    other = await client(getattr(cast, person))
    assert (await other.get(path)).status_code == 404
    assert (await other.get(f"/assistant/answers/{message_id}/stream")).status_code == 404
    form = await _form(other, content="x")
    for deed in (f"{path}/ask", f"{path}/delete", f"/assistant/answers/{message_id}/retry"):
        assert (await other.post(deed, data=form)).status_code == 404


async def _form(mine: Any, **fields: str) -> dict[str, str]:
    page = (await mine.get("/assistant")).text
    found = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert found
    return {"csrf_token": found[1], **fields}


async def _ask(mine: Any, content: str) -> str:
    response = await mine.post("/assistant/ask", data=await _form(mine, content=content, context="analytics"))
    assert response.status_code == 303, response.text
    return str(response.headers["location"])


async def _newest(mine: Any, path: str) -> str:
    found = re.findall(r'id="answer-([0-9a-f-]+)"', (await mine.get(path)).text)
    return str(found[-1])


async def _done(mine: Any, path: str) -> str:
    message_id = await _newest(mine, path)
    await _stream(mine, message_id)
    return message_id


async def _stream(mine: Any, message_id: str) -> list[tuple[str, dict[str, Any]]]:
    body = (await mine.get(f"/assistant/answers/{message_id}/stream")).text
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and line[0] != ":")
        if "data" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found
