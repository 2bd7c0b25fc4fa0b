"""The list of everyone: filters that all have to fit, counts for each of their values, order, and a file for a spreadsheet."""

from __future__ import annotations

import csv
import io

import httpx2
import pytest

from guild_builder import OFFICER, RAIDER, GuildBuilder
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import PLAYERS_API


@pytest.fixture
async def everyone(guild: GuildBuilder) -> GuildBuilder:
    """Mito, an officer who is on Discord; Zed, who is away and not on Discord; Yara, on hiatus; and loose ends."""
    mito = await guild.main("Mito", rank=OFFICER)
    await guild.alt("Grimalt", "alt of Mito", mito, rank=RAIDER)
    await guild.link(await guild.character("Oldalt", last_login_days=90), mito, source="manual")
    for name, days in (("Zed", 50), ("Yara", 70)):
        await guild.link(await guild.character(name, last_login_days=days), await guild.player(name), source="manual")
    await guild.hiatus("Yara", 9)
    await guild.player("Empty")
    await guild.character("Loner", "hello there friend", last_login_days=2)
    await guild.member("Zephyr")
    await guild.execute(
        "update guild_identity.wow_characters set character_class = case when character_name = 'Zed' then 'Mage' "
        "else 'Druid' end"
    )
    await guild.execute("update guild_identity.player_characters set basis = 'proven' where basis_note is null")
    await run_integrity_check(guild.pool)
    return guild


async def _names(alice: httpx2.AsyncClient, **query: object) -> list[str]:
    answer = await alice.get(PLAYERS_API, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Empty", "Mito", "Yara", "Zed"]),
        ({"discord": "with"}, ["Mito"]),
        ({"discord": "without"}, ["Empty", "Yara", "Zed"]),
        ({"discord": "with", "show": "all"}, ["Mito", "Zephyr"]),
        ({"proof": "note"}, ["Mito"]),
        ({"proof": "officer"}, ["Mito", "Yara", "Zed"]),
        ({"proof": "proven"}, []),
        ({"loose": "true"}, ["Empty", "Yara", "Zed"]),
        ({"loose": "true", "show": "all"}, ["Empty", "Loner", "Yara", "Zed", "Zephyr"]),
        ({"inactive": "true"}, ["Zed"]),
        ({"hiatus": "true"}, ["Yara"]),
        ({"rank": 1}, ["Mito"]),
        ({"rank": 2}, []),
        ({"class": "Mage"}, ["Zed"]),
        ({"class": "Druid", "show": "all"}, ["Loner", "Mito", "Yara"]),
        ({"issues": "true"}, ["Mito", "Zed"]),
        ({"issues": "true", "inactive": "true"}, ["Zed"]),
        ({"hiatus": "true", "inactive": "true"}, []),
        ({"search": "friend", "show": "all"}, ["Loner"]),
        ({"search": "mito", "show": "all"}, ["Mito"]),
        ({"sort": "characters"}, ["Mito", "Yara", "Zed", "Empty"]),
        ({"sort": "last_seen"}, ["Mito", "Zed", "Yara", "Empty"]),
        ({"sort": "last_seen", "reverse": "true"}, ["Yara", "Zed", "Mito", "Empty"]),
        ({"sort": "rank"}, ["Mito", "Yara", "Zed", "Empty"]),
        ({"sort": "issues"}, ["Mito", "Zed", "Empty", "Yara"]),
        ({"sort": "name", "reverse": "true"}, ["Zed", "Yara", "Mito", "Empty"]),
    ],
)
async def test_a_filter_shows_whom_it_names_in_the_order_asked_for(
    alice: httpx2.AsyncClient, query: dict[str, object], found: list[str]
) -> None:
    names = await _names(alice, **query)
    assert (names if "sort" in query else sorted(names)) == found


@pytest.mark.usefixtures("everyone")
async def test_each_value_of_a_filter_is_counted_by_the_other_filters(alice: httpx2.AsyncClient) -> None:
    for query in ({}, {"discord": "without"}, {"discord": "without", "class": "Druid"}, {"search": "e"}):
        base = {**query, "show": "all"}
        answer = (await alice.get(PLAYERS_API, params=base)).json()
        for name, values in answer["filters"].items():
            for each in values:
                given = {**base, _asked_as(name): "true" if each["value"] == "yes" else each["value"]}
                assert each["count"] == len(await _names(alice, **given)), (query, name, each)
        for kind, show in {"player": "players", "character": "characters", "member": "members"}.items():
            assert answer["counts"][kind] == len(await _names(alice, **{**query, "show": show}))


def _asked_as(name: str) -> str:
    return "class" if name == "character_class" else name


@pytest.mark.usefixtures("everyone")
async def test_the_list_says_what_the_links_rest_on_and_who_is_away(alice: httpx2.AsyncClient) -> None:
    people = {each["name"]: each for each in (await alice.get(PLAYERS_API)).json()["items"]}
    mito, yara = people["Mito"], people["Yara"]
    assert (mito["proofs"], mito["proven"], mito["rank_index"]) == (["officer", "note"], 0, 1)
    assert [each["name"] for each in mito["played"]] == ["Mito", "Grimalt", "Oldalt"]
    assert (yara["is_away"], yara["is_inactive"], yara["away_until"] is not None) == (True, False, True)


@pytest.mark.usefixtures("guild")
@pytest.mark.parametrize("query", ["?discord=x", "?proof=guess", "?rank=10", "?rank=x", "?sort=mood", "?class=%00"])
async def test_a_filter_that_does_not_exist_is_refused_in_a_sentence(alice: httpx2.AsyncClient, query: str) -> None:
    answer = await alice.get(PLAYERS_API + query)
    assert (answer.status_code, bool(answer.json()["detail"])) == (422, True)


async def test_the_file_holds_everyone_whom_the_filters_let_through_and_no_formula(
    alice: httpx2.AsyncClient, everyone: GuildBuilder
) -> None:
    for name in ("=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "＝1", 'Zoë, “the” "big"'):
        await everyone.player(name)
    for number in range(120):
        await everyone.player(f"Many{number}")
    answer = await alice.get(f"{PLAYERS_API}.csv", params={"discord": "without", "sort": "name"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    named = {row["name"]: row for row in rows}
    assert len(rows) == 130
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "＝")) for row in rows for cell in row.values())
    assert {"'=1+1", "'+cmd", "'-2", "'@SUM(A1)", "'\t=1", "'＝1", 'Zoë, “the” "big"'} <= named.keys()
    assert (named["Zed"]["class"], named["Zed"]["is_inactive"], named["Zed"]["character_names"]) == (
        "",
        "yes",
        "Zed-area-52",
    )


async def test_the_list_and_its_file_cost_the_same_statements_whatever_there_is(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    counts = []
    for size in (1, 40):
        for number in range(size):
            await guild.alt(f"Size{size}x{number}", "hello", await guild.player(f"P{size}x{number}"))
            await guild.character(f"Orphan{size}x{number}", "alt of First")
        for path in ("?show=all&search=o&sort=rank", ".csv?show=all&search=o&loose=true"):
            with counting_statements() as counter:
                assert (await alice.get(PLAYERS_API + path)).status_code == 200
            counts.append(counter.statements)
    assert counts[:2] == counts[2:]
