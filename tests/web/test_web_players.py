"""The players pages and their API: everybody can be found, everything known is shown, and names stay text."""

from __future__ import annotations

import re

import httpx2
import pytest
from fastapi import FastAPI

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from patt.web.assets import STATIC
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.sources.models import CLASS_NAMES
from web.helpers import PLAYERS, PLAYERS_API, bound_session, officer, see

SMALLEST_CONTRAST = 4.5
"""WCAG 2 AA for text."""


async def _names(alice: httpx2.AsyncClient, **query: object) -> list[str]:
    answer = await alice.get(PLAYERS_API, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


@pytest.fixture
async def known(guild: GuildBuilder) -> GuildBuilder:
    """A guild with Mito, who has an alt and an alias, Élan, an unlinked character and a member without a player."""
    mito = await guild.main("Mito", rank=RAIDER)
    await guild.alt("Grimalt", "alt of Mito", mito)
    await guild.alias(mito, "Robin")
    await guild.main("Élan", rank=OFFICER)
    await guild.character("Loner", "alt of Mito")
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.member("Robot", is_bot=True)
    await guild.execute(
        "update guild_identity.wow_characters set character_class = 'Death Knight' where character_name = 'Mito'"
    )
    await guild.execute("insert into guild_identity.discord_roles values (%(guild)s, '102', 'Raider', 5, false)")
    return guild


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["Mito", "Élan", "Loner", "Zephyr"]),
        ("mito", ["Mito", "Loner"]),
        ("MIT", ["Mito", "Loner"]),
        ("Grimalt", ["Mito"]),
        ("grimalt-area", ["Mito"]),
        ("robin", ["Mito"]),
        ("mito#disc", ["Mito"]),
        ("elan", ["Élan"]),
        ("él", ["Élan"]),
        ("ëlan", []),
        ("lone", ["Loner"]),
        ("zeph", ["Zephyr"]),
        ("area", []),
        ("robot", []),
        ("%", []),
        ("_", []),
        ("ro", ["Mito"]),
    ],
)
async def test_everybody_is_found_by_every_name_they_have(
    alice: httpx2.AsyncClient, search: str, found: list[str]
) -> None:
    assert sorted(await _names(alice, search=search, show="all")) == sorted(found)


async def test_a_whole_name_comes_before_a_beginning_and_that_before_a_part(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    for name in ("Somito", "Mitoria", "Mito"):
        await guild.player(name)
    assert await _names(alice, search="mito") == ["Mito", "Mitoria", "Somito"]


@pytest.mark.usefixtures("known")
async def test_the_list_says_who_somebody_is(alice: httpx2.AsyncClient) -> None:
    answer = (await alice.get(PLAYERS_API, params={"search": "robin"})).json()
    person = answer["items"][0]
    shown = ("name", "main_name", "main_class", "characters", "rank", "discord_name", "matched")
    assert [person[each] for each in shown] == ["Mito", "Mito", "Death Knight", 2, "Raider", "Mito#discord", "Robin"]
    assert answer["counts"] == {"player": 1, "character": 0, "member": 0, "shared": 0}
    text = (await see(alice, PLAYERS, search="robin")).text("content")
    for words in ("M Mito found as Robin", "Mito , Death Knight 2 characters Grimalt Mito#discord Raider note 1d ago"):
        assert words in text


@pytest.mark.usefixtures("known")
async def test_people_without_a_player_are_listed_by_themselves(alice: httpx2.AsyncClient) -> None:
    assert await _names(alice) == ["Élan", "Mito"]
    assert await _names(alice, show="characters") == ["Loner"]
    assert await _names(alice, show="members") == ["Zephyr"]
    assert "Loner" in (await see(alice, PLAYERS, show="characters")).text("content")
    assert "No one here matches “ nobody ”" in (await see(alice, PLAYERS, search="nobody")).text("content")


async def test_a_page_holds_a_hundred_people(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    for number in range(101):
        await guild.player(f"Player{number:03}")
    first, second = await see(alice, PLAYERS), await see(alice, PLAYERS, page=2)
    assert [len(re.findall(r"Player\d+", page.text("content"))) for page in (first, second)] == [100, 1]
    assert f"{PLAYERS}?guild={guild.guild_id}&page=2" in first.links
    assert (await see(alice, PLAYERS, page=99)).text("content") == second.text("content")
    body = (await alice.get(PLAYERS_API, params={"page": 2})).json()
    assert (body["page"], body["pages"], body["total"], len(body["items"])) == (2, 2, 101, 1)


async def test_officers_see_which_characters_are_on_one_account_and_viewers_do_not(
    app: FastAPI, alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    mito = await _player_number(known, "Mito")
    alts = await known.rows("select id from guild_identity.wow_characters where character_name in ('Grimalt', 'Loner')")
    await known.account(*(number for (number,) in alts))
    said = "Same Battle.net account as Loner. They own the same battle pets."
    assert said in (await see(alice, f"{PLAYERS}/{mito}")).text("content")
    body = (await alice.get(f"{PLAYERS_API}/{mito}")).json()
    assert [each["account"] for each in body["characters"]] == [None, said]
    grimalt = body["characters"][1]["id"]
    async with officer(app, await bound_session(known.pool, "vera", "viewer", known.guild_id)) as vera:
        assert "Same Battle.net account" not in (await see(vera, f"{PLAYERS}/{mito}")).text("content")
        for address in (f"{PLAYERS_API}/{mito}", f"{PLAYERS_API}/characters/{grimalt}"):
            assert "Same Battle.net account" in (await alice.get(address)).text
            answer = await vera.get(address)
            assert (answer.status_code, "Same Battle.net account" in answer.text) == (200, False)


async def test_a_player_is_shown_with_all_that_is_known(alice: httpx2.AsyncClient, known: GuildBuilder) -> None:
    mito = await _player_number(known, "Mito")
    await run_integrity_check(known.pool)
    text = (await see(alice, f"{PLAYERS}/{mito}")).text("content")
    for words in (
        "Characters 2",
        "Mito area-52 main Level 80 Death Knight",
        "Rank Raider Seen 1d ago Note unknown",
        "Note alt of Mito Means Mito",
        "Mito#discord @ mito#discord Roles Raider Should be Raider held",
        "How we know Discord name",
        "Robin 0 notes · by test",
    ):
        assert words in text, text
    body = (await alice.get(f"{PLAYERS_API}/{mito}")).json()
    assert [(each["name"], each["is_main"]) for each in body["characters"]] == [("Mito", True), ("Grimalt", False)]
    assert body["characters"][1]["reading"]["verdict"] == "confident"
    assert body["characters"][0]["reading"]["text"] is None
    assert body["member"]["roles"] == ["Raider"]
    assert [each["alias"] for each in body["aliases"]] == ["Robin"]


async def test_a_character_without_a_player_is_shown_with_what_is_open_about_it(
    alice: httpx2.AsyncClient, known: GuildBuilder
) -> None:
    await run_integrity_check(known.pool)
    number = (await alice.get(PLAYERS_API, params={"show": "characters"})).json()["items"][0]["id"]
    text = (await see(alice, f"{PLAYERS}/characters/{number}")).text("content")
    for words in ("No player", "Note alt of Mito Means Mito", "'Loner' has no player link"):
        assert words in text, text
    body = (await alice.get(f"{PLAYERS_API}/characters/{number}")).json()
    assert (body["player"], [issue["issue_type"] for issue in body["issues"]]) == (None, ["orphan_wow"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?guild=99", 404),
        ("?page=0", 422),
        ("?show=x", 422),
        (f"?search={'a' * 101}", 422),
        ("?search=%00", 200),
        ("/999999", 404),
        ("/x", 422),
        ("/99999999999999999999", 422),
        ("/characters/999999", 404),
        ("/characters/0", 422),
    ],
)
@pytest.mark.parametrize("where", [PLAYERS, PLAYERS_API])
async def test_a_wrong_address_of_people_gets_a_sentence(
    reader: httpx2.AsyncClient, where: str, query: str, status: int
) -> None:
    answer = await reader.get(where + query)
    assert answer.status_code == status
    if where == PLAYERS_API and status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


async def test_people_of_another_guild_are_not_there(
    alice: httpx2.AsyncClient, pool: Pool, known: GuildBuilder
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    mito = await _player_number(known, "Mito")
    assert await _names(alice, guild=other.guild_id, show="all") == []
    for where in (PLAYERS, PLAYERS_API):
        assert (await alice.get(f"{where}/{mito}", params={"guild": other.guild_id})).status_code == 404
    assert (await alice.get(PLAYERS_API)).status_code == 409


async def test_the_players_pages_ask_the_database_the_same_number_of_times_whatever_there_is(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    first = await guild.player("First")
    await guild.scan()  # rows that are kept in memory are read in full once
    counts = []
    for size in (1, 2, 30):
        for number in range(size):
            await guild.alt(f"Size{size}x{number}", "hello", await guild.player(f"P{size}x{number}"))
            await guild.alt(f"Alt{size}x{number}", "alt of First", first)
            await guild.character(f"Orphan{size}x{number}")
        alts = await guild.rows(
            "select id from guild_identity.wow_characters where character_name ~ %(own)s", {"own": f"^Alt{size}x"}
        )
        await guild.account(*(each for (each,) in alts))
        for path in (f"{PLAYERS}?show=all", f"{PLAYERS}/{first}"):
            with counting_statements() as counter:
                assert (await alice.get(path)).status_code == 200
            counts.append(counter.statements)
    assert counts == [9, 21] * 3  # with one for who is verified, and two for keeping the list


def test_every_class_has_a_color_that_can_be_read_in_both_themes() -> None:
    style = (STATIC / "patt.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", style)
    light, dark = ({name: pair[theme] for name, *pair in pairs} for theme in (0, 1))
    for name in CLASS_NAMES.values():
        key = name.lower().replace(" ", "-")
        assert f".c-{key} {{ --c: var(--{key}); }}" in style
        for theme in (light, dark):
            for ground in ("card", "page"):
                assert _contrast(theme[key], theme[ground]) >= SMALLEST_CONTRAST, (name, theme[key], ground)


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def _player_number(guild: GuildBuilder, name: str) -> int:
    rows = await guild.rows("select id from guild_identity.players where display_name = %(name)s", {"name": name})
    return int(rows[0][0])
