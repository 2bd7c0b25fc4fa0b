"""The map of a guild: everyone, what connects them, the loose ends and who they could be; in one answer that stays small."""

from __future__ import annotations

import gzip
import re
from typing import Any, LiteralString

import httpx2
import pytest

from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.identity.decisions import LinkCharacter, MarkShared, RejectLink
from web.helpers import see

MAP = "/api/v1/admin/map"
PAGE = "/admin/map"
FIRST_SEEN: dict[str, LiteralString] = {
    "wow_characters": "update guild_identity.wow_characters set first_seen = now() - make_interval(days => id::integer %% 700)",
    "discord_users": "update guild_identity.discord_users set first_seen = now() - make_interval(days => id::integer %% 700)",
}
LARGEST_PAGE = 100_000
"""Bytes of the compressed page for the same guild."""

LARGEST = 60_000
"""Bytes of the compressed answer for a guild of 1,000 characters."""


async def _map(alice: httpx2.AsyncClient, path: str = MAP) -> dict[str, Any]:
    answer = await alice.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def drawn(guild: GuildBuilder) -> GuildBuilder:
    """Mito, proven in every way; Zed without Discord; loose characters, one of which a note gives to Mito; a loose member."""
    mito = await guild.main("Mito", rank=OFFICER)
    await guild.alt("Grimalt", "alt of Mito", mito, rank=RAIDER)
    await guild.link(await guild.character("Zed"), await guild.player("Zed"), source="manual")
    await guild.character("Newalt", "alt of Mito")
    await guild.character("Qwibbler")
    await guild.character("Vault")
    await guild.character("Gone", has_left=True)
    await guild.decide(MarkShared("Vault"))
    await guild.member("Zephyr", roles=[ROLE_OF_RANK[RAIDER]])
    await guild.member("Guest")
    await guild.member("Robot", roles=[ROLE_OF_RANK[RAIDER]], is_bot=True)
    return guild


@pytest.mark.usefixtures("drawn")
async def test_everyone_is_a_node_and_loose_ends_are_marked(alice: httpx2.AsyncClient) -> None:
    found = await _map(alice)
    assert {(node["kind"], node["name"].partition("-")[0], node["loose"]) for node in found["nodes"]} == {
        ("player", "Mito", False),
        ("player", "Zed", True),
        ("character", "Mito", False),
        ("character", "Grimalt", False),
        ("character", "Zed", False),
        ("character", "Newalt", True),
        ("character", "Qwibbler", True),
        ("shared", "Vault", False),
        ("member", "Mito#discord", False),
        ("member", "Zephyr", True),
    }


@pytest.mark.usefixtures("drawn")
async def test_an_edge_says_what_proves_it_or_how_much_speaks_for_it(alice: httpx2.AsyncClient) -> None:
    found = await _map(alice)
    names = {(node["kind"].replace("shared", "character"), node["id"]): node["name"] for node in found["nodes"]}
    edges = {
        (
            names[each["kind"], each["id"]],
            names[each["to"], each["to_id"]],
            each["proof"],
            each["suggestion"] is not None,
        )
        for each in found["edges"]
    }
    assert edges == {
        ("Mito-area-52", "Mito", "note", False),
        ("Grimalt-area-52", "Mito", "note", False),
        ("Zed-area-52", "Zed", "officer", False),
        ("Mito#discord", "Mito", "name", False),
        ("Newalt-area-52", "Mito", None, True),
    }


async def test_whom_an_officer_ruled_out_is_not_suggested(alice: httpx2.AsyncClient, drawn: GuildBuilder) -> None:
    await drawn.decide(RejectLink("Newalt", "Mito"))
    assert [each for each in (await _map(alice))["edges"] if each["suggestion"]] == []


async def test_the_picture_depends_on_the_guild_alone_and_who_belongs_together_stands_side_by_side(
    alice: httpx2.AsyncClient, drawn: GuildBuilder
) -> None:
    found = await _map(alice)
    assert await _map(alice) == found
    places = {node["name"]: (node["column"], node["row"]) for node in found["nodes"] if node["kind"] != "player"}
    players = {node["name"]: (node["column"], node["row"]) for node in found["nodes"] if node["kind"] == "player"}
    assert players == {"Mito": (2, 0), "Zed": (2, 2)}
    assert places == {
        "Mito-area-52": (1, 0),
        "Grimalt-area-52": (1, 1),
        "Zed-area-52": (1, 2),
        "Mito#discord": (3, 0),
        "Newalt-area-52": (0, 0),
        "Qwibbler-area-52": (0, 1),
        "Vault-area-52": (0, 2),
        "Zephyr": (4, 0),
    }
    assert len({(node["column"], node["row"]) for node in found["nodes"]}) == len(found["nodes"])
    await drawn.decide(LinkCharacter("Qwibbler", "Zed"))
    moved = {node["name"]: (node["column"], node["row"]) for node in (await _map(alice))["nodes"]}
    assert moved["Grimalt-area-52"] == (1, 1)
    assert moved["Qwibbler-area-52"] == (1, 2)


@pytest.mark.usefixtures("drawn")
async def test_the_table_says_the_same(alice: httpx2.AsyncClient) -> None:
    rows = (await _map(alice, f"{MAP}/table"))["rows"]
    shown = ("character", "player", "proof", "member", "member_proof", "loose", "shared", "suggested")
    assert [tuple(row[each] for each in shown) for row in rows] == [
        ("Mito-area-52", "Mito", "note", "Mito#discord", "name", False, False, None),
        ("Grimalt-area-52", "Mito", "note", "Mito#discord", "name", False, False, None),
        ("Zed-area-52", "Zed", "officer", None, None, False, False, None),
        ("Newalt-area-52", None, None, None, None, True, False, "Mito"),
        (None, None, None, "Zephyr", None, True, False, None),
        ("Qwibbler-area-52", None, None, None, None, True, False, None),
        ("Vault-area-52", None, None, None, None, False, True, None),
    ]


async def test_a_player_without_characters_is_in_the_picture_and_in_the_table(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.player("Empty", member=await guild.member("Emptyhanded"))
    await guild.player("Nobody")
    rows = (await _map(alice, f"{MAP}/table"))["rows"]
    assert [(row["player"], row["member"], row["loose"]) for row in rows] == [
        ("Empty", "Emptyhanded", True),
        ("Nobody", None, True),
    ]


async def _a_thousand(guild: GuildBuilder) -> None:
    """Add 1,000 characters of 300 players, and 400 people on Discord."""
    await guild.execute(
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, level, "
        "rank_index, character_class) select %(guild)s, initcap(name), name, 'area-52', 'area52', 80, 3, 'Druid' "
        "from (select left(translate(md5(n::text || 'x'), '0123456789', 'ghijklmnop'), 9) as name from generate_series(1, 1000) n) c"
    )
    await guild.execute(
        "insert into guild_identity.discord_users (guild_id, discord_id, username, display_name, all_guild_roles) "
        "select %(guild)s, (90000 + n)::text, name, initcap(name), array['102'] "
        "from (select n, left(translate(md5(n::text || 'y'), '0123456789', 'ghijklmnop'), 8) as name "
        "from generate_series(1, 400) n) d"
    )
    await guild.execute(
        "insert into guild_identity.players (guild_id, display_name, created_by, discord_user_id, discord_basis) "
        "select guild_id, display_name, 'test', id, 'name' from guild_identity.discord_users "
        "where discord_id > '90000' and id %% 4 > 0"
    )
    await guild.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by, "
        "basis) select c.id, p.id, c.guild_id, 'full_match', 'exact', 'test', 'note' from ("
        "select id, guild_id, row_number() over (order by id) as place from guild_identity.wow_characters "
        "where realm_name is null and character_class = 'Druid') c join ("
        "select id, row_number() over (order by id) as place from guild_identity.players where display_name <> 'Mito') p "
        "on p.place = c.place %% 300 + 1 where c.place <= 900"
    )
    for table in ("wow_characters", "discord_users"):
        await guild.execute(FIRST_SEEN[table])


async def test_a_guild_of_a_thousand_characters_is_one_small_answer_with_as_many_statements_as_a_tiny_one(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.main("Mito")
    with counting_statements() as tiny:
        await _map(alice)
    await _a_thousand(guild)
    with counting_statements() as large:
        answer = await alice.get(MAP)
    assert len(answer.json()["nodes"]) > 1600
    assert len(gzip.compress(answer.content)) < LARGEST
    assert large.statements == tiny.statements


async def _lines(alice: httpx2.AsyncClient, query: str = "") -> list[tuple[str, str]]:
    """The lines of the picture: how each is drawn, and where."""
    text = (await alice.get(f"{PAGE}?{query}")).text.split('class="lines"')[1].split("</g>")[0]
    return re.findall(r'<path class="([^"]*)" d="([^"]*)"', text)


async def _dots(alice: httpx2.AsyncClient, query: str = "") -> dict[str, tuple[str, str]]:
    """The nodes of the picture by what they are called aloud: how each is drawn, and where."""
    text = (await alice.get(f"{PAGE}?{query}")).text
    found = re.findall(r'<a href="[^"]*" class="([^"]*)"><title>([^<]*)</title><circle cx="(\d+)" cy="(\d+)"', text)
    return {said: (style, f"{x} {y}") for style, said, x, y in found}


@pytest.mark.usefixtures("drawn")
async def test_the_picture_has_everyone_with_a_spoken_name_and_a_page(alice: httpx2.AsyncClient) -> None:
    dots = await _dots(alice)
    assert set(dots) == {
        "Mito, player, 2 characters, Mito#discord",
        "Zed, player, 1 character, not on Discord",
        "Mito-area-52, of Mito, note",
        "Grimalt-area-52, of Mito, note",
        "Zed-area-52, of Zed, officer",
        "Newalt-area-52, no player, could be Mito, strong",
        "Qwibbler-area-52, no player",
        "Vault-area-52, bank or shared",
        "Mito#discord, of Mito, Discord name",
        "Zephyr, no player",
    }
    loose = {said.partition(",")[0] for said, (style, _) in dots.items() if "is-loose" in style}
    assert loose == {"Zed", "Newalt-area-52", "Qwibbler-area-52", "Zephyr"}
    drawn = sorted(style for style, _ in await _lines(alice))
    assert drawn == ["e-name", "e-note", "e-note", "e-officer", "e-suggested"]
    links = [link for link in (await see(alice, PAGE)).links if link.startswith("/admin/players")]
    for link in set(links):
        assert (await alice.get(link)).status_code == 200, link
    (unlinked,) = [link for link in links if "show=members" in link]
    assert "Only on Discord 1" in (await see(alice, unlinked)).text("found")


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(
    ("query", "bright"),
    [
        ("loose=true", {"Zed", "Zed-area-52", "Newalt-area-52", "Mito", "Qwibbler-area-52", "Zephyr"}),
        ("proof=officer", {"Zed", "Zed-area-52"}),
        ("proof=suggested", {"Newalt-area-52", "Mito"}),
        ("class=Druid", {"Grimalt-area-52", "Mito"}),
        ("class=Druid&loose=true", set()),
    ],
)
async def test_a_filter_dims_and_moves_nothing(
    alice: httpx2.AsyncClient, guild: GuildBuilder, query: str, bright: set[str]
) -> None:
    await guild.execute(
        "update guild_identity.wow_characters set character_class = 'Druid' where character_name = 'Grimalt'"
    )
    all_of_them, filtered = await _dots(alice), await _dots(alice, query)
    assert {said: place for said, (_, place) in filtered.items()} == {
        said: place for said, (_, place) in all_of_them.items()
    }
    assert {said.partition(",")[0] for said, (style, _) in filtered.items() if "is-dim" not in style} == bright
    assert sorted(place for _, place in await _lines(alice, query)) == sorted(place for _, place in await _lines(alice))


@pytest.mark.usefixtures("drawn")
async def test_a_small_guild_gets_both_a_tab_one_of_them(alice: httpx2.AsyncClient) -> None:
    both, picture, table = [(await alice.get(PAGE, params={"tab": tab})).text for tab in ("", "map", "table")]
    assert [("<circle" in page, "maptable" in page) for page in (both, picture, table)] == [
        (True, True),
        (True, False),
        (False, True),
    ]
    text = (await see(alice, PAGE, tab="table", loose="true")).text("content")
    assert "Newalt-area-52 no player Mito" in text
    assert "Grimalt" not in text
    assert "/admin/map" in (await see(alice, "/admin/data-quality")).links


async def test_the_page_of_a_thousand_characters_is_a_table_first_and_each_side_stays_small(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    await guild.main("Mito")
    with counting_statements() as tiny:
        await alice.get(PAGE)
    await _a_thousand(guild)
    with counting_statements() as large:
        first = await alice.get(PAGE)
    assert "maptable" in first.text
    assert "<circle" not in first.text
    assert large.statements == tiny.statements
    for tab in ("map", "table"):
        page = await alice.get(PAGE, params={"tab": tab})
        assert page.headers["content-encoding"] == "gzip"
        assert len(gzip.compress(page.content, 5)) < LARGEST_PAGE, tab


@pytest.mark.parametrize("query", ["tab=x", "proof=x", "guild=99", f"class={'a' * 31}", "loose=perhaps"])
async def test_a_map_that_does_not_exist_is_refused_in_a_sentence(
    alice: httpx2.AsyncClient, guild: GuildBuilder, query: str
) -> None:
    _ = guild
    assert (await alice.get(f"{PAGE}?{query}")).status_code in (404, 422)
