"""Undoing a part of a full match on the page and by the API; and how a change that nobody could verify is told."""

from __future__ import annotations

import re

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.engine.results import FixOutcome, FixReport, FixResult
from sv_common.guild_sync.identity.decisions import LinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision, run_matching
from web.helpers import Seen

API = "/api/v1/admin/data-quality"
PAGE = "/admin/data-quality"


@pytest.fixture
async def matched(guild: GuildBuilder) -> int:
    """A full match of three people, of whom two are in each other's way since; the attempt."""
    for name in ("Mito", "Zork", "Elrek"):
        await guild.member(name)
        await guild.character(name)
        await guild.character(f"{name}alt", f"alt of {name}")
    attempt = (await run_matching(guild.pool, actor="officer alice")).attempt_id
    await apply_decision(guild.pool, LinkCharacter("Zorkalt", "Mito"), actor="officer bob")
    assert attempt is not None
    return attempt


async def test_the_page_offers_the_part_that_can_be_undone_and_names_who_stands_in_the_way(
    alice: httpx2.AsyncClient, guild: GuildBuilder, matched: int
) -> None:
    answer = await alice.get(f"{PAGE}/attempts/{matched}/undo")
    text = Seen(answer).text("content")
    assert "Undo a part" in text
    assert "Why not all" in text
    assert "This cannot be undone" not in text
    assert "1 of the people can be undone now" in text
    assert "Zork : bob moved Zorkalt-area-52 from Zork to Mito on " in text
    assert "Undo 1" in text
    assert "Player of Elrek-area-52" in text
    assert "Player of Zork-area-52" not in text.partition("What can be undone")[2]
    assert "Undo both" in text
    assert "bob moved Zorkalt-area-52 from Zork to Mito on " in text
    (action,) = re.findall(r'action="([^"]*/undo[^"]*partly[^"]*)"', answer.text)
    undone = await alice.post(action.replace("&amp;", "&"), data={"back": f"{PAGE}/attempts/{matched}/undo"})
    status = Seen(await alice.get(undone.headers["location"])).text("status")
    assert f"Attempt {matched} is undone in part." in status
    assert "Not undone; you can undo these later: Mito:" in status
    assert await guild.rows("select display_name from guild_identity.players order by 1") == [("Mito",), ("Zork",)]


async def test_a_persons_page_names_their_own_part_of_a_full_match_and_shows_the_rest_before_it_undoes_all(
    alice: httpx2.AsyncClient, guild: GuildBuilder, matched: int
) -> None:
    ((player,),) = await guild.rows("select id from guild_identity.players where display_name = 'Elrek'")
    ((character,),) = await guild.rows("select id from guild_identity.wow_characters where character_name = 'Elrekalt'")
    for kind, number, name in (("", player, "Elrek"), ("characters/", character, "Elrekalt")):
        change = (await alice.get(f"/api/v1/admin/players/{kind}{number}")).json()["last_change"]
        assert change["what"] == f"linked {name}-area-52 to Elrek, and 5 more"
        assert change["is_about_others"] is True
        page = await alice.get(f"/admin/players/{kind}{number}")
        line = page.text.split('<div class="last-change">', 1)[1].split("</div>", 1)[0]
        assert f'href="{PAGE}/attempts/{matched}/undo?' in line
        assert "<form" not in line


async def test_the_page_of_a_person_shows_what_an_undo_takes_from_a_namesake_before_it_is_done(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    player, namesake = await guild.main("Mito"), await guild.player("Mito")
    for each, alias, character in ((player, "Mitzi", "Grimalt"), (namesake, "Brumm", "Zorkalt")):
        await guild.alias(each, alias)
        await guild.character(character, f"alt of {alias}")
    attempt = (await run_matching(guild.pool, actor="officer alice")).attempt_id
    for each, character in ((player, "Grimalt"), (namesake, "Zorkalt")):
        change = (await alice.get(f"/api/v1/admin/players/{each}")).json()["last_change"]
        assert change["what"] == f"linked {character}-area-52 to Mito, and 1 more"
        assert change["is_about_others"] is True
        page = await alice.get(f"/admin/players/{each}")
        line = page.text.split('<div class="last-change">', 1)[1].split("</div>", 1)[0]
        assert f'href="{PAGE}/attempts/{attempt}/undo?' in line
        assert "<form" not in line
    preview = Seen(await alice.get(f"{PAGE}/attempts/{attempt}/undo")).text("content")
    assert "Player of Grimalt-area-52" in preview
    assert "Player of Zorkalt-area-52" in preview


async def test_the_api_undoes_a_part_only_when_it_is_asked_to(
    alice: httpx2.AsyncClient, guild: GuildBuilder, matched: int
) -> None:
    preview = (await alice.get(f"{API}/attempts/{matched}/undo")).json()
    assert (preview["can_be_undone"], preview["parts"], preview["blocked_total"]) == (False, 1, 2)
    assert [each["people"] for each in preview["blocked"]] == ["Mito", "Zork"]
    whole = await alice.post(f"{API}/attempts/{matched}/undo")
    assert (whole.status_code, whole.json()["type"]) == (409, "urn:patt:problem:plan-stale")
    part = await alice.post(f"{API}/attempts/{matched}/undo", params={"partly": True})
    assert part.status_code == 200, part.text
    assert [line.partition(":")[0] for line in part.json()["left"]] == ["Mito", "Zork"]
    assert await guild.rows("select count(*) from guild_identity.players") == [(2,)]


def test_what_nobody_could_verify_is_told_and_counted_as_that() -> None:
    result = FixResult(1, "role_mismatch", FixOutcome.UNVERIFIED, "Discord did not answer.", None, 7)
    assert (result.sentence, result.resolved) == ("Not verified: Discord did not answer.", False)
    report = FixReport([result])
    assert report.sentence == "Of 1 issue: 1 not verified."
    assert (report.unverified, report.failed) == (1, 0)
