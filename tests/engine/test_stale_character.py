"""The rule stale_character, on real rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.db_sync import sync_addon_data
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.insights.findings import FindingFilter, findings_page
from sv_common.guild_sync.insights.inactive import inactive_page
from sv_common.guild_sync.integrity_checker import detect_stale_character
from sv_common.guild_sync.mitigations import fix_one
from sv_common.guild_sync.rulebook import settings as rule_store
from sv_common.guild_sync.rules import RULES


async def test_the_time_away_in_an_export_neither_opens_nor_resolves_an_issue(guild: GuildBuilder) -> None:
    unseen = await guild.character("Unseen", last_login_days=None)
    await guild.character("Sleeper", last_login_days=31)
    await guild.scan()
    rows = [{"name": "Unseen", "lastOnline": "400d 0h"}, {"name": "Sleeper", "lastOnline": "Online"}]
    await sync_addon_data(guild.pool, rows)
    await guild.scan()
    found = await guild.rows(
        "select summary, resolved_at, wow_character_id from guild_identity.audit_issues where issue_type = 'stale_character'"
    )
    assert [(summary[:9], resolved) for summary, resolved, _ in found] == [("'Sleeper'", None)]
    assert unseen not in [character for _, _, character in found]


async def test_a_character_asleep_for_31_days_is_found_with_where_its_player_is_active(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.link(await guild.character("Sleeper", last_login_days=31), elrek)
    await guild.character("Loner", last_login_days=31)
    await guild.character("Gone", last_login_days=31, has_left=True)
    async with guild.pool.connection() as conn:
        sleeper, loner = await detect_stale_character(conn)
    assert (sleeper.details["player"], sleeper.details["player_active_on"]) == ("Elrek", "Elrek")
    assert sleeper.summary.endswith("; Elrek is active on Elrek")
    assert (loner.details["player"], loner.details["player_active_on"]) == (None, None)


async def test_a_stale_alt_of_an_active_player_is_found_and_quiet_and_one_of_a_player_who_is_away_is_not(
    guild: GuildBuilder,
) -> None:
    elrek = await guild.main("Elrek")
    await guild.link(await guild.character("Sleeper", last_login_days=31), elrek)
    away = await guild.player("Zed")
    for name, days in (("Zed", 50), ("Zedalt", 90)):
        await guild.link(await guild.character(name, last_login_days=days), away)
    await guild.character("Loner", last_login_days=400)
    found = {each.details["character"]: each.details for each in await guild.open_issues("stale_character")}
    assert {name.partition("-")[0]: each["quiet"] for name, each in found.items()} == {
        "Sleeper": True,
        "Zed": False,
        "Zedalt": False,
        "Loner": False,
    }
    assert found["Sleeper-area-52"]["player_id"] == elrek


async def test_who_is_inactive_is_one_group_for_each_player_and_alts_of_active_players_come_last(
    guild: GuildBuilder,
) -> None:
    elrek = await guild.main("Elrek")
    for name, days in (("Sleeper", 500), ("Snorer", 501)):
        await guild.link(await guild.character(name, last_login_days=days), elrek)
    for player, days in (("Zed", 50), ("Yara", 70)):
        number = await guild.player(player)
        for name, asleep in ((player, days), (f"{player}alt", days + 5)):
            await guild.link(await guild.character(name, last_login_days=asleep), number)
    await guild.character("Loner", last_login_days=400)
    await guild.link(await guild.character("Tripper", last_login_days=99), await guild.player("Tripper"))
    await guild.hiatus("Tripper", 5)
    await guild.scan()
    async with guild.pool.reading(guild.guild_id) as here:
        page = await inactive_page(here)
        ordered = (await findings_page(here, FindingFilter(issue_type="stale_character"), quiet_last=True)).items
    assert [(each.player, each.active_on, [c.name for c in each.characters]) for each in page.items] == [
        ("Yara", None, ["Yara", "Yaraalt"]),
        ("Zed", None, ["Zed", "Zedalt"]),
        (None, None, ["Loner"]),
        ("Elrek", "Elrek", ["Sleeper", "Snorer"]),
    ]
    assert (page.total, page.pages) == (4, 1)
    assert [each.details["quiet"] for each in ordered] == [False] * 5 + [True] * 2


async def test_the_threshold_is_a_setting_of_the_guild(guild: GuildBuilder) -> None:
    await guild.character("Sleeper", last_login_days=31)
    async with guild.pool.connection() as conn:
        await rule_store.save_settings(
            GuildConnection(conn, guild.guild_id), "stale_character", actor="alice", parameters={"stale_after_days": 60}
        )
        assert await detect_stale_character(conn) == []


async def test_the_time_can_be_given(guild: GuildBuilder) -> None:
    await guild.character("Rivermane", last_login_days=1)
    async with guild.pool.connection() as conn:
        assert len(await detect_stale_character(conn, now=datetime.now(UTC) + timedelta(days=30))) == 1


async def test_it_has_no_fix_and_says_so(guild: GuildBuilder) -> None:
    await guild.character("Sleeper", last_login_days=31)
    issue = await guild.open_issue("stale_character")
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert (result.outcome, result.reason) == (
        FixOutcome.REFUSED,
        "“Stale Character” is for information and has no fix.",
    )
    assert RULES["stale_character"].mitigate_fn is None
