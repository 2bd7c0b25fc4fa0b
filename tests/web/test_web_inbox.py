"""The Inbox over HTTP: its list, one question, and answering, snoozing, dismissing and fixing."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import GuildBuilder
from sv_common.guild_sync.issues.model import IssueState
from web.helpers import API, PAGE, asker, bound_session, issue_number, officer

INBOX = "/api/v1/admin/inbox"


@pytest.fixture
async def velquin(guild: GuildBuilder) -> int:
    """The key of “Whose is Velquin?”, with one suggestion."""
    await guild.main("Grimaldo")
    await guild.character("Velquin", "Grim")
    await guild.scan()
    return await issue_number(guild, "orphan_wow", "Velquin")


async def _question(alice: httpx2.AsyncClient, key: int) -> dict[str, Any]:
    answer = await alice.get(f"{INBOX}/{key}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_list_has_four_groups_in_their_order(alice: httpx2.AsyncClient, velquin: int) -> None:
    found = (await alice.get(INBOX)).json()
    assert [each["name"] for each in found["groups"]] == ["Ready", "Suggested", "Needs you", "For information"]
    (entry,) = found["groups"][1]["entries"]
    assert (entry["key"], entry["question"], entry["best"]["label"]) == (velquin, "Whose is Velquin?", "Grimaldo")
    assert (found["questions"], found["safe"], found["known"], found["total"]) == (1, 0, 1, 2)


async def test_an_answer_sends_what_the_question_gave_and_is_undone_as_a_whole(
    guild: GuildBuilder, alice: httpx2.AsyncClient, velquin: int
) -> None:
    found = await _question(alice, velquin)
    chosen = found["answers"][0]
    body = {**chosen["decision"], "plan_key": chosen["plan_key"]}
    answer = await alice.post(f"{INBOX}/{velquin}/answer", json=body, params={"seen": found["entry"]["seen"]})
    done = answer.json()
    assert answer.status_code == 200, answer.text
    assert done["sentence"] == "Velquin-area-52 belongs to Grimaldo."
    assert (done["closed"], done["next"], done["questions"]) == ([velquin], None, 0)
    undone = await alice.post(done["undo"]["post"], json=done["undo"]["fields"])
    assert undone.status_code == 200, undone.text
    assert (await _question(alice, velquin))["answers"] == found["answers"]


async def test_a_second_answer_is_refused_with_who_did_what_and_when(
    guild: GuildBuilder, alice: httpx2.AsyncClient, velquin: int
) -> None:
    found = await _question(alice, velquin)
    chosen = found["answers"][0]
    path, query = f"{INBOX}/{velquin}/answer", {"seen": found["entry"]["seen"]}
    await alice.post(path, json=chosen["decision"], params=query)
    again = await alice.post(path, json=chosen["decision"], params=query)
    assert again.status_code == 409
    detail = again.json()["detail"]
    assert detail.startswith("This question is closed: ")
    assert "alice decided: Velquin-area-52 belongs to Grimaldo" in detail
    assert "just now" in detail
    closed = await alice.get(f"{INBOX}/{velquin}")
    assert (closed.status_code, closed.json()["detail"]) == (409, detail)


async def test_a_form_answers_and_leads_back_with_the_sentence(alice: httpx2.AsyncClient, velquin: int) -> None:
    found = await _question(alice, velquin)
    chosen = found["answers"][0]
    fields = {name: value for name, value in chosen["decision"].items() if value not in (None, False)}
    answer = await alice.post(
        f"{INBOX}/{velquin}/answer",
        params={"seen": found["entry"]["seen"]},
        data={**fields, "plan_key": chosen["plan_key"], "remember_note": "true", "back": PAGE},
        headers={"Accept": "text/html"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


async def test_a_snooze_by_days_is_undone_by_reopening(
    guild: GuildBuilder, alice: httpx2.AsyncClient, velquin: int
) -> None:
    done = (await alice.post(f"{INBOX}/{velquin}/snooze", json={"days": 7})).json()
    assert done["sentence"].startswith("Snoozed until ")
    assert done["closed"] == [velquin]
    reopened = await alice.post(done["undo"]["post"], json=done["undo"]["fields"])
    assert reopened.status_code == 200, reopened.text
    assert (await _question(alice, velquin))["entry"]["question"] == "Whose is Velquin?"


@pytest.mark.parametrize("body", [{}, {"days": 7, "until": "2999-01-01"}])
async def test_a_snooze_without_one_end_is_refused(
    alice: httpx2.AsyncClient, velquin: int, body: dict[str, Any]
) -> None:
    answer = await alice.post(f"{INBOX}/{velquin}/snooze", json=body)
    assert answer.status_code == 422
    assert "Say when the question comes back" in answer.json()["detail"]


async def test_a_dismissal_keeps_its_reason(guild: GuildBuilder, alice: httpx2.AsyncClient, velquin: int) -> None:
    done = (await alice.post(f"{INBOX}/{velquin}/dismiss", json={"reason": "Leaving soon."})).json()
    assert done["sentence"] == "Dismissed: Leaving soon."
    issue = (await alice.get(f"{API}/issues/{velquin}")).json()
    assert (issue["state"], issue["dismissed_reason"]) == (IssueState.DISMISSED, "Leaving soon.")


async def test_safe_fixes_are_named_one_by_one_and_applied_with_their_keys(
    guild: GuildBuilder, alice: httpx2.AsyncClient
) -> None:
    await guild.main("Mito")
    for name in ("Altrek", "Banktrek"):
        await guild.character(name, "alt of Mito")
    await guild.scan()
    fixes = (await alice.get(f"{INBOX}/safe-fixes")).json()["fixes"]
    assert [each["question"] for each in fixes] == ["Link Altrek to Mito?", "Link Banktrek to Mito?"]
    assert all(each["steps"][0].startswith("Link ") for each in fixes)
    body = {"seen": {str(each["key"]): each["plan_key"] for each in fixes}}
    done = (await alice.post(f"{INBOX}/fix", json=body)).json()
    assert (done["fixed"], done["questions"], done["next"]) == (2, 0, None)
    assert done["sentence"] == "Of 2 issues: 2 fixed."


async def test_one_fix_alone_says_what_to_undo(guild: GuildBuilder, alice: httpx2.AsyncClient) -> None:
    await guild.main("Mito")
    await guild.character("Altrek", "alt of Mito")
    await guild.scan()
    ((entry,), *_) = [group["entries"] for group in (await alice.get(INBOX)).json()["groups"]]
    done = (await alice.post(f"{INBOX}/fix", json={"seen": {str(entry["key"]): entry["plan_key"]}})).json()
    assert done["sentence"].startswith("Fixed. Link Altrek-area-52 to Mito")
    undone = await alice.post(done["undo"]["post"], json=done["undo"]["fields"])
    assert undone.status_code == 200, undone.text
    assert (
        await guild.rows(
            "select 1 from guild_identity.player_characters l join guild_identity.wow_characters c "
            "on c.id = l.character_id where c.character_name = 'Altrek'"
        )
        == []
    )


async def test_a_viewer_reads_the_inbox_and_changes_nothing(app: FastAPI, guild: GuildBuilder, velquin: int) -> None:
    async with officer(app, await bound_session(guild.pool, "vera", "viewer", guild.guild_id)) as vera:
        assert (await vera.get(INBOX)).status_code == 200
        assert (await vera.post(f"{INBOX}/{velquin}/snooze", json={"days": 1})).status_code == 403


async def test_another_guilds_question_is_not_found(guild: GuildBuilder, app: FastAPI, velquin: int) -> None:
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    async with officer(app, await bound_session(guild.pool, "olga", "officer", other.guild_id)) as olga:
        assert (await olga.get(f"{INBOX}/{velquin}")).status_code == 404
        assert (await olga.post(f"{INBOX}/{velquin}/dismiss", json={"reason": "x"})).status_code == 404


async def test_nobody_reads_it_without_signing_in(app: FastAPI, velquin: int) -> None:
    async with asker(app) as nobody:
        assert (await nobody.get(f"{INBOX}/{velquin}")).status_code == 401
