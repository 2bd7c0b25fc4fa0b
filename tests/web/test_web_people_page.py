"""The pages of people as a reader gets them: filters, order and file in the address, a card for each, new players, viewers."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.identity.decisions import ConfirmLink, RejectLink
from web.helpers import PLAYERS, PLAYERS_API, Seen, bound_session, officer, see

PART = {"HX-Request": "true", "HX-Target": "found"}


@pytest.fixture
async def everyone(guild: GuildBuilder) -> GuildBuilder:
    """Mito, an officer on Discord with an alt; Zed, a mage who is not on Discord; Yara, on hiatus; Odo's two characters."""
    mito = await guild.main("Mito", rank=OFFICER, roles=[ROLE_OF_RANK[RAIDER]])
    await guild.alt("Grimalt", "alt of Mito", mito, rank=RAIDER)
    await guild.link(await guild.character("Zed", last_login_days=50), await guild.player("Zed"), source="manual")
    await guild.player("Yara")
    await guild.hiatus("Yara", 9)
    for name in ("Odobold", "Odolina"):
        await guild.character(name, "Odo")
    await guild.member("Odo")
    await guild.execute(
        "update guild_identity.wow_characters set character_class = 'Mage' where character_name in ('Zed', 'Odolina')"
    )
    await guild.scan()
    return guild


async def _number(guild: GuildBuilder, name: str) -> int:
    rows = await guild.rows("select id from guild_identity.players where display_name = %(name)s", {"name": name})
    return int(rows[0][0])


async def test_each_filter_is_a_link_with_its_count_and_taking_it_away_is_one_too(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    start = f"{PLAYERS}?guild={everyone.guild_id}"
    page = await see(alice, PLAYERS)
    for words in ("Players 3", "Unknown characters 2", "On Discord 1", "Not on Discord 2", "On hiatus 1", "Mage 1"):
        assert words in page.text("found")
    for query in ("discord=with", "hiatus=true", "inactive=true", "rank=1", "class=Mage", "proof=note"):
        assert f"{start}&{query}" in page.links
        chosen = await see(alice, f"{start}&{query}")
        assert start in chosen.links
        assert len(await _listed(alice, f"{start}&{query}")) == 1
    both = await see(alice, f"{start}&class=Mage&inactive=true")
    assert f"{start}&class=Mage" in both.links
    assert "Zed" in both.text("found")
    none = await see(alice, f"{start}&class=Mage&hiatus=true")
    assert "No one here is like that. Clear search and filters" in none.text("found")


async def _listed(alice: httpx2.AsyncClient, address: str) -> list[str]:
    """The players that a list leads to."""
    links = (await see(alice, address)).links
    return [link for link in links if re.fullmatch(rf"{PLAYERS}/[0-9]+(\?[^#]*)?", link)]


async def test_a_column_is_sorted_by_its_head_and_back_and_says_so(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    start = f"{PLAYERS}?guild={everyone.guild_id}"
    sorts = ("name", "characters", "rank", "last_seen", "issues")
    assert {f"{start}&sort={column}" for column in sorts} <= set((await see(alice, PLAYERS)).links)
    page = await alice.get(f"{start}&sort=last_seen")
    assert 'aria-sort="descending"' in page.text
    assert f"{start}&sort=last_seen&reverse=true" in Seen(page).links
    back = await alice.get(f"{start}&sort=last_seen&reverse=true")
    assert 'aria-sort="ascending"' in back.text
    numbers = [await _number(everyone, name) for name in ("Zed", "Mito", "Yara")]
    assert await _listed(alice, f"{start}&sort=last_seen&reverse=true") == [
        f"{PLAYERS}/{number}?guild={everyone.guild_id}" for number in numbers
    ]


async def test_while_somebody_types_the_list_comes_alone_with_its_address(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    asked = {"guild": str(everyone.guild_id), "search": " grim ", "sort": "rank"}
    part = await alice.get(PLAYERS, params=asked, headers=PART)
    assert part.headers["HX-Replace-Url"] == f"{PLAYERS}?guild={everyone.guild_id}&search=grim&sort=rank"
    assert part.text.lstrip().startswith('<section id="found"')
    assert "Mito found as Grimalt" in Seen(part).text()
    assert "Yara" not in part.text
    whole = await alice.get(PLAYERS, params=asked)
    assert '<input type="hidden" name="sort" value="rank">' in whole.text
    assert "Mito found as Grimalt" in Seen(whole).text("found")


async def test_the_file_of_the_list_has_the_same_people(alice: httpx2.AsyncClient, everyone: GuildBuilder) -> None:
    page = await see(alice, f"{PLAYERS}?guild={everyone.guild_id}&class=Mage&sort=rank")
    (link,) = [link for link in page.links if ".csv" in link]
    answer = await alice.get(link)
    assert answer.headers["content-type"].startswith("text/csv")
    assert [line.split(",")[2] for line in answer.text.splitlines()[1:]] == ["Zed"]


async def test_characters_that_are_ticked_get_a_new_player(alice: httpx2.AsyncClient, everyone: GuildBuilder) -> None:
    page = await alice.get(PLAYERS, params={"show": "characters", "search": "odo"})
    ticks = [piece.split('"')[0] for piece in page.text.split('name="characters" value="')[1:]]
    assert len(ticks) == 2
    assert page.text.count('form="new-player"') == 2
    asked = {
        "decision": "new_player",
        "characters": ["", *ticks],
        "name": "Odo",
        "member": "Odo",
        "remember_note": "true",
        "back": PLAYERS,
    }
    preview = Seen(await alice.get(f"{PLAYERS}/preview", params=asked)).text("content")
    for words in ("New player: preview", "The player Odo does not exist exists", "Odobold", "Odolina"):
        assert words in preview, preview
    done = await alice.post(f"{PLAYERS_API}/decisions", data=asked)
    assert (done.status_code, done.headers["location"]) == (303, PLAYERS)
    card = (await see(alice, f"{PLAYERS}/{await _number(everyone, 'Odo')}")).text("content")
    assert "Characters 2 Verified 0 of 2" in card


async def test_a_card_says_who_stands_for_each_link_which_role_is_right_and_leads_to_questions_and_elsewhere(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    await everyone.decide(ConfirmLink("Grimalt"))
    page = await alice.get(f"{PLAYERS}/{await _number(everyone, 'Mito')}")
    seen = Seen(page)
    for words in (
        "Officer alice · just now",
        "Should be Officer not held",
        "Last change: alice confirmed Grimalt-area-52 for Mito just now",
    ):
        assert words in seen.text("content"), seen.text("content")
    (issue,) = (await alice.get(PLAYERS_API, params={"search": "mito", "show": "players"})).json()["items"]
    questions = [link for link in seen.links if link.startswith("/admin/inbox/")]
    assert len(questions) == issue["open_issues"] > 0
    assert (await alice.get(questions[0])).status_code == 200
    for link in (piece.split(">")[0] for piece in page.text.split('<a href="https://')[1:]):
        assert 'rel="noreferrer noopener" target="_blank" hx-boost="false"' in link
    assert "Raider.IO of Grimalt-area-52, opens in a new window" in seen.text("content")


async def test_the_history_of_a_card_has_pages_and_each_deed_its_undo(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    mito = await guild.main("Mito")
    for number in range(60):
        await guild.alt(f"Alt{number}", None, mito)
    done = await guild.decide(ConfirmLink("Alt7"))
    first = await see(alice, f"{PLAYERS}/{mito}", page=1)
    address = f"{PLAYERS}/{mito}?guild={guild.guild_id}"
    assert f"{address}&page=2#list" in first.links
    assert any(f"/attempts/{done.attempt_id}/undo" in link for link in first.links)
    second = await see(alice, f"{PLAYERS}/{mito}", page=2)
    assert f"{address}#list" in second.links
    assert "Page 2 of 2" in second.text("list")
    assert not any(f"/attempts/{done.attempt_id}/undo" in link for link in second.links)


async def test_a_field_that_links_a_person_offers_the_people_it_can_mean(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    mito = await _number(everyone, "Mito")
    for field, typed, offered in (
        ("character", "odob", ["character=#"]),
        ("character", "mito#", []),
        ("member", "mito", ["member=#"]),
        ("player", "grim", [f"player=#{mito}"]),
        ("player", "mito", [f"player=#{mito}"]),
        ("player", "", []),
        ("member", "\x00", []),
    ):
        part = await alice.get(f"{PLAYERS}/options", params={"field": field, field: typed})
        assert part.status_code == 200
        fields = [unquote(piece.split('"')[0]) for piece in part.text.split('data-fields="')[1:]]
        assert len(fields) == len(offered), part.text
        assert all(each.startswith(start) for each, start in zip(fields, offered, strict=True)), fields
    nobody = await alice.get(f"{PLAYERS}/options", params={"field": "member", "member": "<b>nobody"})
    assert "No one matches <q><bdi>&lt;b&gt;nobody</bdi></q>" in nobody.text


async def test_a_viewer_sees_people_without_verbs(app: FastAPI, pool: Pool, everyone: GuildBuilder) -> None:
    await everyone.decide(RejectLink("Odobold", "Zed"))
    loner = (await everyone.rows("select id from guild_identity.wow_characters where character_name = 'Odobold'"))[0][0]
    mito, zed = await _number(everyone, "Mito"), await _number(everyone, "Zed")
    async with officer(app, await bound_session(pool, "vic", "viewer", everyone.guild_id)) as vic:
        for path in (
            PLAYERS,
            f"{PLAYERS}?show=characters",
            f"{PLAYERS}/{mito}",
            f"{PLAYERS}/{zed}",
            f"{PLAYERS}/characters/{loner}",
        ):
            page = await vic.get(path)
            content = page.text.split('id="content"')[1].split('id="status"')[0]
            assert page.status_code == 200
            assert "/admin/players/preview" not in content
            assert "/undo" not in content
            assert 'name="characters"' not in content
