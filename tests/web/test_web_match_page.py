"""The full match page: people by evidence, all or some asked for, what became of it, and the way back."""

from __future__ import annotations

import httpx2
import pytest

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.web.forms import HTMX_HEADER, UNATTENDED_HEADER
from patt.worker.running import run_full_match
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity_engine import preview_matching, run_matching
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, Seen, see, settings

MATCH_API = "/api/v1/admin/full-match"
MATCH_PAGE = "/admin/full-match"


@pytest.fixture
async def unmatched(guild: GuildBuilder) -> GuildBuilder:
    """A guild with somebody of each kind of evidence, and somebody nobody can tell."""
    await guild.main("Elrek")
    await guild.member("Heathfen")
    notes = {"Heathfen": None, "Rivermane": "Elrek", "Aa": "Kipper", "Bb": "Kipper", "Mainy": "Main", "Alty": "Mainy"}
    for name, note in {**notes, "Lone": "Zork"}.items():
        await guild.character(name, note)
    return guild


async def _key(guild: GuildBuilder, name: str) -> str:
    return next(group.key for group in (await preview_matching(guild.pool)).groups if group.name == name)


async def _do_it(guild: GuildBuilder) -> None:
    """What the worker does."""
    await run_full_match(Services(settings(BASE_URL), guild.pool, Sources()), guild.guild_id)


async def _click(alice: httpx2.AsyncClient, path: str, fields: dict[str, object] | None = None) -> Seen:
    answer = await alice.post(path, data={"back": MATCH_PAGE, **(fields or {})})
    assert answer.status_code == 303, answer.text
    return Seen(await alice.get(answer.headers["location"]))


@pytest.mark.usefixtures("guild")
async def test_where_nothing_is_to_be_matched_nothing_can_be_asked_for(alice: httpx2.AsyncClient) -> None:
    page = await see(alice, MATCH_PAGE)
    assert "Nothing to match" in page.text("content")
    assert "No match yet" in page.text("match-state")
    assert "form" not in page.tags_within("content")


async def test_people_are_shown_by_the_kind_of_evidence_the_strongest_first(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    page = await see(alice, MATCH_PAGE)
    text = page.text("content")
    assert "Players created: 3 Characters linked: 6 Left alone: 1" in text
    headings = ["Known players 1", "New players who are on Discord 1", "New players by their main 1", "by a nickname 1"]
    places = [text.rindex(heading) for heading in headings]
    assert places == sorted(places)
    assert "Elrek 1 character of a known player. Link Rivermane-area-52 to Elrek" in text
    only = (await see(alice, MATCH_PAGE, evidence="nickname")).text("content")
    assert "Kipper" in only
    assert "Rivermane" not in only
    assert await unmatched.rows("select count(*) from guild_identity.players") == [(1,)]


async def test_whom_it_leaves_alone_is_listed_under_the_reason(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    await unmatched.character("Other", "Quin")
    text = (await see(alice, MATCH_PAGE, show="left")).text("content")
    assert "Not enough evidence: one character, linked to no one. Quin : Other-area-52 Zork : Lone-area-52" in text


async def test_all_are_asked_for_done_and_taken_back(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    page = await _click(alice, MATCH_API)
    assert page.text("status") == "The full match is queued."
    assert "waiting by alice" in page.text("match-state")
    assert "Apply" not in page.text("content")
    await _do_it(unmatched)
    state = (await see(alice, MATCH_PAGE)).text("match-state")
    assert "3 players created, 6 characters linked, 1 skipped. Undo" in state
    ((attempt,),) = await unmatched.rows("select id from guild_identity.fix_attempts")
    page = await _click(alice, f"/api/v1/admin/data-quality/attempts/{attempt}/undo", {"back": MATCH_PAGE})
    assert "Undone by alice" in page.text("match-state")
    assert await unmatched.rows("select display_name from guild_identity.players") == [("Elrek",)]


async def test_only_those_who_are_ticked_are_matched(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    chosen = [await _key(unmatched, "Kipper"), await _key(unmatched, "Elrek")]
    page = await _click(alice, MATCH_API, {"selected": chosen})
    assert page.text("status") == "The full match of 2 selected is queued."
    await _do_it(unmatched)
    page = await see(alice, MATCH_PAGE)
    assert "1 player created, 3 characters linked, for the 2 selected." in page.text("match-state")
    names = await unmatched.rows("select display_name from guild_identity.players order by id")
    assert names == [("Elrek",), ("Kipper",)]
    assert "Heathfen" in page.text("content")


async def test_a_page_that_looks_again_leaves_the_sentence_to_the_next_page(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    answer = await alice.post(MATCH_API, data={"back": MATCH_PAGE})
    part = Seen(await alice.get(MATCH_PAGE, headers={HTMX_HEADER: "true", UNATTENDED_HEADER: "1"}))
    assert "waiting by alice" in part.text("match-state")
    assert "html" not in part.tags
    assert Seen(await alice.get(answer.headers["location"])).text("status") == "The full match is queued."


async def test_nobody_ticked_is_not_everybody(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    page = await _click(alice, MATCH_API, {"selected": ""})
    assert "No one is selected" in page.text("status")
    assert await unmatched.rows("select 1 from guild_identity.match_requests") == []


async def test_a_match_that_failed_says_why(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    await _click(alice, MATCH_API)
    await unmatched.execute(
        "update guild_identity.match_requests set state = 'failed', sentence = 'The disk is full.', finished_at = now()"
    )
    assert "failed by alice just now The disk is full." in (await see(alice, MATCH_PAGE)).text("match-state")


async def test_matches_of_the_command_line_are_listed_too(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    await run_matching(unmatched.pool, actor="root", selected=[await _key(unmatched, "Kipper")])
    await _click(alice, MATCH_API)
    text = (await see(alice, MATCH_PAGE, show="runs")).text("content")
    assert "Past matches 2" in text
    assert text.rindex("by alice") < text.rindex("by root")


async def test_the_number_of_statements_does_not_grow_with_the_people(
    alice: httpx2.AsyncClient, unmatched: GuildBuilder
) -> None:
    async def statements() -> int:
        with counting_statements() as count:
            await see(alice, MATCH_PAGE)
        return count.statements

    await see(alice, MATCH_PAGE)  # what is read once for many pages is known from here on
    few = await statements()
    for number in range(60):
        await unmatched.member(f"Person {number}")
        await unmatched.character(f"Person {number}")
    page = await see(alice, MATCH_PAGE)
    assert "Page 1 of 2" in page.text("content")
    assert f"{MATCH_PAGE}?guild={unmatched.guild_id}&page=2#list" in page.links
    assert await statements() == few


async def test_the_page_beside_the_last_is_the_last(alice: httpx2.AsyncClient, unmatched: GuildBuilder) -> None:
    assert (await see(alice, MATCH_PAGE, page=99)).text("content") == (await see(alice, MATCH_PAGE)).text("content")
