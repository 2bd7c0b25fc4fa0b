"""The data quality page: right counts, 50 findings a page in groups, and names that stay text."""

from __future__ import annotations

import re

import httpx2
import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool, counting_statements
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.identity_engine import run_matching
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.rules import RULES
from web.helpers import PAGE, PLAYERS, House, issue_number, see


@pytest.mark.parametrize(
    "path", ["/admin/inbox", PAGE, f"{PAGE}/dismissals", PLAYERS, "/admin/full-match", "/admin/activity"]
)
async def test_without_a_guild_each_page_says_how_to_add_one(alice: httpx2.AsyncClient, path: str) -> None:
    page = await see(alice, path)
    assert "No guild yet" in page.text()
    assert "/admin/setup" in page.links


@pytest.mark.usefixtures("guild")
async def test_a_guild_in_which_all_is_well_has_no_finding(alice: httpx2.AsyncClient) -> None:
    page = await see(alice, PAGE)
    assert "Lantern Watch" in page.text()
    assert "No open findings" in page.text()
    for issue_type in RULES:
        assert page.counts(issue_type) == (0, 0, 0)
        assert "Last: never" in page.text(f"rule-{issue_type}")


async def test_every_rule_is_shown_with_its_counts(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await mitigations.run_auto_mitigations(troubled.pool, guild_id=troubled.guild_id)
    page = await see(alice, PAGE)
    assert [issue_type for issue_type in RULES if f"[{issue_type}]" in page.text()] == list(RULES)
    assert {issue_type: page.counts(issue_type)[0] for issue_type in RULES} == {
        "note_mismatch": 0,
        "orphan_wow": 2,
        "orphan_discord": 1,
        "role_mismatch": 1,
        "departed_with_roles": 0,
        "stale_character": 1,
        "stale_discord_link": 0,
        "account_conflict": 0,
    }
    assert page.counts("note_mismatch") == (0, 0, 1)
    async with troubled.pool.writing(troubled.guild_id, alone=False) as guild:
        rules = await findings.rule_overviews(guild)
    assert [page.counts(rule.issue_type) for rule in rules] == [(r.open, r.waiting, r.resolved) for r in rules]


@pytest.mark.parametrize(
    ("issue_type", "words"),
    [
        ("note_mismatch", ("Guild Note Mismatch", "warning", "⚡ Auto-fix", "Run Scan", "Fix All", "Last: ")),
        ("orphan_wow", ("Unlinked WoW Character", "warning", "👤 Manual", "Run Scan", "Attempt Fix")),
        ("orphan_discord", ("Unlinked Discord Member", "👤 Manual", "Attempt Fix")),
        ("role_mismatch", ("Discord Role Mismatch", "👤 Manual", "Attempt Fix")),
        ("stale_character", ("Stale Character", "info", "👤 Manual", "Run Scan", "Review only")),
    ],
)
async def test_a_card_says_what_the_rule_is_and_what_can_be_done(
    reader: httpx2.AsyncClient, issue_type: str, words: tuple[str, ...]
) -> None:
    text = (await see(reader, PAGE)).text(f"rule-{issue_type}")
    assert [word for word in words if word not in text] == []


async def test_findings_are_grouped_by_rule_with_their_reasons(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await mitigations.fix_all(troubled.pool, "orphan_wow", actor="officer alice", guild_id=troubled.guild_id)
    text = (await see(alice, PAGE)).text("content")
    found = text[text.index("Recent findings") :]
    headings = [found.index(f"[{issue_type}]") for issue_type in RULES if f"[{issue_type}]" in found]
    assert len(headings) == 5
    assert headings == sorted(headings)
    assert "'Riddle' has no player link Waits: " in text
    assert "'Newalt' has no player link" not in text


async def test_a_page_holds_fifty_findings(alice: httpx2.AsyncClient, guild: GuildBuilder) -> None:
    for number in range(51):
        await guild.character(f"Char{number:03}", "hello there friend")
    await run_integrity_check(guild.pool)
    first, second = await see(alice, PAGE), await see(alice, PAGE, page=2)
    names = [re.findall(r"'(Char\d+)' has", page.text()) for page in (first, second)]
    assert [len(found) for found in names] == [50, 1]
    assert len({*names[0], *names[1]}) == 51
    assert "Page 1 of 2" in first.text()
    assert f"{PAGE}?guild={guild.guild_id}&page=2#findings" in first.links
    assert (await see(alice, PAGE, page=99)).text("content") == second.text("content")


async def test_findings_are_filtered_by_state_and_rule(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    await mitigations.fix_one(troubled.pool, number, actor="officer alice")
    resolved = (await see(alice, PAGE, state="resolved")).text()
    assert "'Newalt' has no player link Resolved by alice" in resolved
    assert "'Riddle'" not in resolved
    by_rule = (await see(alice, PAGE, rule="orphan_wow", state="all")).text()
    assert "'Newalt'" in by_rule
    assert "'Riddle'" in by_rule
    assert "Zephyr" not in by_rule
    assert "No findings here" in (await see(alice, PAGE, state="dismissed")).text()


async def test_times_are_relative_and_the_full_time_is_there_too(
    alice: httpx2.AsyncClient, troubled: GuildBuilder
) -> None:
    await troubled.execute("update guild_identity.audit_issues set opened_at = '2020-01-02 03:04:05Z'")
    answer = await alice.get(PAGE)
    assert '<time datetime="2020-01-02T03:04:05Z" title="2020-01-02 03:04 UTC">2020-01-02</time>' in answer.text
    await troubled.execute("update guild_identity.audit_issues set opened_at = now() - interval '125 minutes'")
    assert "2h ago" in (await see(alice, PAGE)).text()


async def test_of_several_guilds_one_is_shown(alice: httpx2.AsyncClient, pool: Pool, troubled: GuildBuilder) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    await other.character("Loner", "hello there friend")
    await run_integrity_check(pool, guild_id=other.guild_id)
    first, second = await see(alice, PAGE), await see(alice, PAGE, guild=other.guild_id)
    assert ("Zephyr" in first.text(), "Loner" in first.text()) == (True, False)
    assert ("Zephyr" in second.text(), "Loner" in second.text()) == (False, True)
    assert second.counts("orphan_wow")[0] == 1
    assert f"{PAGE}?guild={other.guild_id}" in first.links
    number = await issue_number(troubled, "orphan_wow")
    assert (await alice.get(f"{PAGE}/issues/{number}", params={"guild": other.guild_id})).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?guild=99", 404),
        ("?rule=nonsense", 404),
        ("?page=x", 422),
        ("?page=0", 422),
        ("?state=x", 422),
        ("?guild=99999999999999", 422),
        ("/issues/999999", 404),
        ("/issues/99999999999999999999", 422),
        ("/rules/nonsense/preview", 404),
        ("/rules/%00/preview", 404),
        ("/nothing", 404),
        ("?page=999999999", 200),
    ],
)
async def test_a_wrong_address_gets_a_page_with_a_sentence(reader: httpx2.AsyncClient, query: str, status: int) -> None:
    answer = await reader.get(PAGE + query)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "Sign out" in answer.text


async def test_the_page_asks_the_database_the_same_number_of_times_whatever_there_is(
    alice: httpx2.AsyncClient, guild: GuildBuilder
) -> None:
    counts = []
    for size in (0, 1, 40):
        for number in range(size):
            await guild.character(f"Size{size}x{number}", "hello there friend")
        await run_integrity_check(guild.pool)
        with counting_statements() as counter:
            await see(alice, PAGE)
        counts.append(counter.statements)
    # With four for what a full match would do, which the card of coverage tells, and two for keeping the page.
    assert counts == [21, 21, 21]
    await run_matching(guild.pool, guild_id=guild.guild_id)
    await guild.main("Mito")
    await guild.character("Newalt", "alt of Mito")
    await run_matching(guild.pool, guild_id=guild.guild_id)
    await guild.scan()  # rows that are kept in memory are read again once they were written
    with counting_statements() as counter:
        await see(alice, PAGE)
    assert counter.statements == 21


async def test_an_issue_page_tells_what_is_known_and_what_a_fix_would_do(
    reader: httpx2.AsyncClient, house: House
) -> None:
    number = await issue_number(house.guild, "note_mismatch")
    text = (await see(reader, f"{PAGE}/issues/{number}")).text("content")
    for words in (
        "'Grimalt' is linked to Elrek, but its note says Mito",
        "Character Grimalt-area-52 Guild note Mito",
        "The note of Grimalt-area-52 says “Mito”. “Mito” is a character of Mito. So it means the player Mito.",
        "Grimalt-area-52 is linked to Elrek, by a full match (test, ",
        "The note means Mito, but the character is linked to Elrek. One of the two is out of date.",
        "Player of Grimalt-area-52 Elrek, by evidence Mito, decided by an officer",
        "Linked by a full match",
        "opened a scan found it",
    ):
        assert words in text


async def test_an_issue_page_says_why_nothing_can_be_done(reader: httpx2.AsyncClient, house: House) -> None:
    riddle = await issue_number(house.guild, "orphan_wow", "Riddle")
    assert "Fix preview No change: " in (await see(reader, f"{PAGE}/issues/{riddle}")).text()
    sleeper = await issue_number(house.guild, "stale_character")
    assert "has no fix" in (await see(reader, f"{PAGE}/issues/{sleeper}")).text()


async def test_an_issue_page_tells_the_whole_history(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    number = await issue_number(troubled, "orphan_wow", "Newalt")
    await mitigations.fix_one(troubled.pool, number, actor="officer alice")
    text = (await see(alice, f"{PAGE}/issues/{number}")).text("content")
    for words in ("fixed by alice", "Link Newalt-area-52 to Mito", "Undo", "resolved alice fixed it"):
        assert words in text
    assert "Fix preview" not in text


async def test_a_preview_tells_what_would_become_of_each_issue_and_changes_nothing(
    reader: httpx2.AsyncClient, house: House
) -> None:
    page = await see(reader, f"{PAGE}/rules/orphan_wow/preview")
    text = page.text("content")
    assert "Would be fixed 1 'Newalt' has no player link Link Newalt-area-52 to Mito" in text
    assert "Would stay open 1 'Riddle' has no player link" in text
    assert "Attempt Fix" in text
    assert await house.guild.rows("select id from guild_identity.fix_attempts") == []
    assert (await see(reader, PAGE)).counts("orphan_wow")[0] == 2


async def test_a_preview_names_what_is_no_longer_so(alice: httpx2.AsyncClient, troubled: GuildBuilder) -> None:
    await troubled.execute(
        "update guild_identity.wow_characters set removed_at = now() where character_name = 'Riddle'"
    )
    text = (await see(alice, f"{PAGE}/rules/orphan_wow/preview")).text("content")
    assert "Already resolved — will be closed 1 'Riddle' has no player link" in text
    await run_integrity_check(troubled.pool)
    await mitigations.fix_all(troubled.pool, "orphan_wow", actor="officer alice", guild_id=troubled.guild_id)
    text = (await see(alice, f"{PAGE}/rules/orphan_wow/preview")).text("content")
    assert "This rule has no open issues" in text
