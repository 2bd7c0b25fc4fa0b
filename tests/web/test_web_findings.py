"""Finding findings: filters that are kept in the address, words without case and accents, and groups."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.integrity_checker import run_integrity_check
from web.helpers import API, PAGE, House, Seen, issue_number, see


async def _found(client: httpx2.AsyncClient, **query: Any) -> list[str]:
    """Names in the summaries that the API finds; the page has to find as many."""
    answer = await client.get(f"{API}/issues", params=query)
    assert answer.status_code == 200, answer.text
    total = answer.json()["total"]
    assert (await see(client, PAGE, **query)).text("content").count(" match the filter") == 1
    assert f"{total} {query.get('state', 'open')} match the filter".replace("all match", "in all match") in (
        await see(client, PAGE, **query)
    ).text("content")
    return sorted(found[1] for issue in answer.json()["items"] if (found := re.search(r"'(.+?)'", issue["summary"])))


@pytest.fixture
async def accented(guild: GuildBuilder) -> GuildBuilder:
    """A scanned guild with characters whose names are not easy to type."""
    for name in ("Naél", "NAËLLE", "Straße", "Ørn", "Æon", "Пётр", "100%", "under_score", "back\\slash"):
        await guild.character(name, "hello there friend")
    await run_integrity_check(guild.pool)
    return guild


@pytest.mark.usefixtures("accented")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nael", ["NAËLLE", "Naél"]),
        ("NAÉL", ["NAËLLE", "Naél"]),
        (" naelle ", ["NAËLLE"]),
        ("strasse", ["Straße"]),
        ("ørn", ["Ørn"]),
        ("orn", ["Ørn"]),
        ("aeon", ["Æon"]),
        ("петр", ["Пётр"]),
        ("100%", ["100%"]),
        ("0%", ["100%"]),
        ("under_score", ["under_score"]),
        ("der_sc", ["under_score"]),
        ("k\\s", ["back\\slash"]),
        ("nobody", []),
    ],
)
async def test_words_are_found_without_case_and_accents(alice: httpx2.AsyncClient, text: str, names: list[str]) -> None:
    assert await _found(alice, text=text) == names


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "_",
        "'; drop table guild_identity.audit_issues; --",
        '"><script>alert(1)</script>',
        "%(guild_id)s %s {}",
        "\\",
        "\u202egnp.exe",
        "e\u0301" * 40,
        "\u0301",
        "🐉" * 100,
        "(?:a+)+$",
    ],
)
async def test_hostile_words_are_only_words(reader: httpx2.AsyncClient, house: House, text: str) -> None:
    usual = (await see(reader, PAGE)).tags.count("script")
    answer = await reader.get(PAGE, params={"text": text})
    assert (answer.status_code, Seen(answer).tags.count("script")) == (200, usual)
    assert (await reader.get(f"{API}/issues", params={"text": text})).status_code == 200
    assert len(await house.guild.rows("select id from guild_identity.audit_issues")) == 6


@pytest.mark.parametrize("query", [{"text": "x" * 101}, {"text": "a\x00b"}, {"severity": "grave"}, {"group": "moon"}])
async def test_what_cannot_be_filtered_by_is_told(reader: httpx2.AsyncClient, query: dict[str, str]) -> None:
    assert (await reader.get(PAGE, params=query)).status_code == 422
    if "group" not in query:
        answer = await reader.get(f"{API}/issues", params=query)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:patt:problem:bad-input")


async def test_filters_go_together_and_what_is_empty_filters_nothing(reader: httpx2.AsyncClient, house: House) -> None:
    assert await _found(reader, rule="orphan_wow", text="riddle") == ["Riddle"]
    assert await _found(reader, severity="info") == ["Sleeper"]
    assert await _found(reader, severity="info", rule="orphan_wow") == []
    page = await see(reader, PAGE, rule="", severity="", text="", state="open", group="rule")
    assert "6 open" in page.text("content")
    assert "match the filter" not in page.text("content")
    assert "No findings match. Clear filters" in (await see(reader, PAGE, text="nobody")).text("content")


async def test_the_counts_of_rules_are_always_in_the_same_order(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await troubled.execute("analyze guild_identity.audit_issues")  # by which they are counted in another way
    by_rule = (await alice.get(f"{API}/issues", params={"state": "all"})).json()["by_rule"]
    assert len(by_rule) > 2
    assert list(by_rule) == sorted(by_rule)


async def test_the_counts_at_a_filter_say_what_another_choice_would_give(reader: httpx2.AsyncClient) -> None:
    body = (await reader.get(f"{API}/issues", params={"severity": "info", "rule": "orphan_wow"})).json()
    assert body["total"] == 0
    assert body["by_rule"]["stale_character"] == 1
    assert (body["by_severity"]["warning"], body["by_severity"]["info"]) == (2, 0)
    text = (await see(reader, PAGE, text="riddle")).text("content")
    assert "Unlinked WoW Character (1)" in text
    assert "Unlinked Discord Member (0)" in text


async def test_all_that_was_chosen_is_kept_in_every_address(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    for number in range(60):
        await guild.character(f"Char{number:03}", "hello there friend")
    await run_integrity_check(guild.pool)
    chosen = {"rule": "orphan_wow", "severity": "warning", "text": "char", "group": "none", "days": "90"}
    page = await see(alice, PAGE, **chosen)
    address = f"{PAGE}?guild={guild.guild_id}&" + "&".join(f"{name}={value}" for name, value in chosen.items())
    assert f"{address}&page=2#findings" in page.links
    assert f"{address.replace('&rule', '&state=resolved&rule')}#findings" in page.links
    assert f"{address.replace('&days=90', '')}#trends" in page.links
    second = await alice.get(f"{address}&page=2")
    assert len(re.findall(r"'Char\d+' has", Seen(second).text())) == 10


async def test_findings_are_grouped_by_whom_they_are_about(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    page = await see(alice, PAGE, group="subject")
    ((elrek,),) = await troubled.rows("select id from guild_identity.players where display_name = 'Elrek'")
    text = page.text(f"group-player-{elrek}")
    assert text.startswith("Elrek 2")
    assert f"/admin/players/{elrek}?guild={troubled.guild_id}" in page.links
    assert "Riddle-area-52 1" in page.text("content")
    assert "Zephyr 1" in page.text("content")
    await troubled.execute("update guild_identity.audit_issues set wow_character_id = null where summary ~ 'Riddle'")
    assert "Deleted 1" in (await see(alice, PAGE, group="subject")).text("content")


async def test_findings_are_grouped_by_severity_or_not_at_all(reader: httpx2.AsyncClient, house: House) -> None:
    page = await see(reader, PAGE, group="severity")
    assert (page.text("group-warning"), page.text("group-info")) == ("warning 5", "info 1")
    plain = await see(reader, PAGE, group="none")
    assert plain.text("group-all") == "All, newest first 6"
    riddle = await issue_number(house.guild, "orphan_wow", "Riddle")
    assert f"{PAGE}/issues/{riddle}?guild={house.guild.guild_id}" in plain.links


async def test_findings_are_found_by_the_name_the_note_and_the_player_of_whom_they_are_about(
    reader: httpx2.AsyncClient,
) -> None:
    for text, names in (
        ("area-52", {"Grimalt", "Newalt", "Riddle", "Sleeper"}),
        ("hello there", {"Riddle"}),
        ("ÉLREK", {"Grimalt", "Sleeper"}),
        ("promoted", {"Promoted"}),
        ("zephyr", {"Zephyr"}),
        ("no such word", set()),
    ):
        body = (await reader.get(f"{API}/issues", params={"text": text})).json()
        found = {name for name in ALL_SUBJECTS if any(name in each["summary"] for each in body["items"])}
        assert (found, body["total"], sum(body["by_rule"].values())) == (names, len(names), len(names)), text


ALL_SUBJECTS = {"Grimalt", "Newalt", "Riddle", "Zephyr", "Promoted", "Sleeper"}
