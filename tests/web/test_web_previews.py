"""What the previews of fixes show, and that their buttons do exactly that: what has changed meanwhile is left alone."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from jobs.all_waiting import run_jobs
from patt.bootstrap import Services
from patt.pages import admin_pages
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import API, BASE_URL, PAGE, Seen, issue_number, settings

OF_RULE = f"{PAGE}/rules/orphan_wow/preview"
BUTTON = f"{API}/jobs"


def _wish(page: httpx2.Response) -> dict[str, str]:
    """What the button of a preview sends; nothing where there is no button."""
    return dict(re.findall(r'<input type="hidden" name="(kind|seen\.[0-9]+)" value="([^"]*)">', page.text))


async def _press(alice: httpx2.AsyncClient, guild: GuildBuilder, wish: dict[str, str]) -> list[dict[str, Any]]:
    """Press the button of a preview without JavaScript, let a worker do it, and return what came of each issue."""
    answer = await alice.post(BUTTON, data={**wish, "back": OF_RULE})
    assert (answer.status_code, answer.headers["location"]) == (303, OF_RULE), answer.text
    assert "is queued" in Seen(await alice.get(OF_RULE)).text("status")
    await run_jobs(Services(settings(BASE_URL), guild.pool, Sources()), guild.guild_id)
    job = (await alice.get(f"{API}/jobs")).json()["items"][0]
    assert job["state"] == "done", job
    issues: list[dict[str, Any]] = job["result"]["issues"]
    return issues


async def _note(guild: GuildBuilder, character: str, note: str) -> None:
    await guild.execute(
        "update guild_identity.wow_characters set guild_note = %(note)s where character_name = %(name)s",
        {"note": note, "name": character},
    )


async def _linked(guild: GuildBuilder, character: str) -> bool:
    rows = await guild.rows(
        "select c.character_name from guild_identity.player_characters l "
        "join guild_identity.wow_characters c on c.id = l.character_id"
    )
    return (character,) in rows


async def test_what_the_preview_of_a_rule_shows_is_fixed_and_what_it_leaves_is_left(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    (fixed,) = await _press(alice, troubled, _wish(await alice.get(OF_RULE)))
    assert fixed["issue_id"] == await issue_number(troubled, "orphan_wow", "Newalt")
    assert fixed["outcome"] == "fixed"
    assert await troubled.rows("select outcome from guild_identity.fix_attempts") == [("fixed",)]
    assert _wish(await alice.get(OF_RULE)) == {}


async def test_a_fix_that_has_changed_since_its_rule_was_previewed_is_left_alone(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    page = await alice.get(OF_RULE)
    assert "Link Newalt-area-52 to Mito" in Seen(page).text("content")
    await _note(troubled, "Newalt", "alt of Elrek")
    (left,) = await _press(alice, troubled, _wish(page))
    assert left["outcome"] == "refused"
    assert "has changed since the preview" in left["reason"]
    assert not await _linked(troubled, "Newalt")


async def test_what_opens_after_the_preview_is_not_fixed_with_it(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    page = await alice.get(OF_RULE)
    await troubled.character("Latecomer", "alt of Mito")
    await run_integrity_check(troubled.pool)
    assert len(await _press(alice, troubled, _wish(page))) == 1
    assert (await _linked(troubled, "Newalt"), await _linked(troubled, "Latecomer")) == (True, False)


@pytest.mark.parametrize("by", ["rule", "ticked"])
async def test_what_was_to_be_closed_and_is_so_again_is_not_fixed_unseen(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, by: str
) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    left = "update guild_identity.wow_characters set removed_at = {} where character_name = 'Newalt'"
    await troubled.execute(left.format("now()"))
    page = await alice.get(OF_RULE if by == "rule" else f"{PAGE}/preview?issue_ids={number}")
    assert "will be closed" in Seen(page).text("content")
    await troubled.execute(left.format("null"))
    (issue,) = await _press(alice, troubled, _wish(page))
    assert (issue["outcome"], await _linked(troubled, "Newalt")) == ("refused", False)


async def test_what_was_to_be_closed_is_closed(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await troubled.execute(
        "update guild_identity.wow_characters set removed_at = now() where character_name = 'Newalt'"
    )
    (issue,) = await _press(alice, troubled, _wish(await alice.get(OF_RULE)))
    assert issue["outcome"] == "nothing_to_do"
    assert await troubled.rows("select state from guild_identity.audit_issues where summary ~ 'Newalt'") == [
        ("resolved",)
    ]


async def test_of_more_than_a_page_holds_the_button_is_about_those_that_are_shown(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ashfen", "Birchlow", "Cinderhall"):
        await troubled.character(name, "alt of Mito")
    await run_integrity_check(troubled.pool)
    monkeypatch.setattr(admin_pages, "PREVIEWED", 2)
    page = await alice.get(OF_RULE)
    text = Seen(page).text("content")
    for words in ("Showing the first 2 of 4 issues that a fix would change.", "Fix these 2", "Would be fixed 4"):
        assert words in text, words
    assert sum(name in text for name in ("Newalt", "Ashfen", "Birchlow", "Cinderhall")) == 2
    assert [issue["outcome"] for issue in await _press(alice, troubled, _wish(page))] == ["fixed", "fixed"]
    assert "Attempt Fix" in Seen(await alice.get(OF_RULE)).text("content")


async def test_the_ticked_rows_are_fixed_as_they_were_previewed(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    numbers = [
        await issue_number(troubled, issue_type, name)
        for issue_type, name in (("orphan_wow", "Newalt"), ("note_mismatch", "Grimalt"), ("orphan_wow", "Riddle"))
    ]
    page = await alice.get(f"{PAGE}/preview", params={"issue_ids": [str(number) for number in numbers]})
    await _note(troubled, "Newalt", "alt of Elrek")
    told = {issue["issue_id"]: issue["outcome"] for issue in await _press(alice, troubled, _wish(page))}
    assert told == {numbers[0]: "refused", numbers[1]: "fixed"}


async def test_the_api_gives_the_same_keys_for_a_rule(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    wish = _wish(await alice.get(OF_RULE))
    issues = (await alice.get(f"{API}/rules/orphan_wow/preview")).json()["issues"]
    (shown,) = {f"seen.{issue['issue_id']}": issue["key"] for issue in issues if issue["key"]}.items()
    assert list(wish.items()) == [("kind", "fix_selected"), shown]


@pytest.mark.parametrize(
    "wish", [{}, {"kind": ""}, {"kind": "x"}, {"kind": "fix_selected"}, {"kind": "fix_selected", "issue_ids": "x"}]
)
async def test_what_no_preview_asks_for_is_refused_in_words(
    alice: httpx2.AsyncClient, troubled: GuildBuilder, wish: dict[str, str]
) -> None:
    answer = await alice.post(BUTTON, data={**wish, "back": PAGE})
    page = Seen(await alice.get(answer.headers["location"]))
    assert page.text("status").startswith(("This is not valid. ", "No issue is selected. "))
    assert await troubled.rows("select 1 from guild_identity.work_requests") == []
