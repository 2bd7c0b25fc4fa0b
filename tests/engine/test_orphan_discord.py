"""The rule orphan_discord, on real rows."""

from __future__ import annotations

import pytest

from guild_builder import ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import detect_orphan_discord, run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.mitigations import fix_one, mitigate_orphan_discord

GUILD_ROLE = ROLE_OF_RANK[SOCIAL]


async def _issue(guild: GuildBuilder) -> Issue:
    await run_integrity_check(guild.pool)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        (issue,) = await lifecycle.open_of_rule(here, "orphan_discord")
    return issue


async def test_a_member_with_a_guild_role_and_no_player_is_found(guild: GuildBuilder) -> None:
    member = await guild.member("Quillon", roles=[GUILD_ROLE])
    async with guild.pool.connection() as conn:
        (finding,) = await detect_orphan_discord(conn)
    assert finding.discord_member_id == member
    assert finding.details["roles"] == ["Social"]


async def test_the_fix_creates_the_player_with_every_unlinked_character_that_means_the_member(
    guild: GuildBuilder,
) -> None:
    member = await guild.member("Quillon", roles=[GUILD_ROLE])
    main = await guild.character("Quillon")
    alts = [await guild.character("Breeze", "Quillon"), await guild.character("Gale", "alt of Quillon")]
    other = await guild.character("Stranger", "Somebody")
    assert await mitigate_orphan_discord(guild.pool, await _issue(guild)) is True
    (player,) = await guild.rows(
        "select id, display_name, discord_user_id, main_character_id from guild_identity.players"
    )
    assert player[1:] == ("Quillon", member, main)
    assert {await guild.player_of(character) for character in (main, *alts)} == {player[0]}
    assert await guild.player_of(other) is None


async def test_the_fix_attaches_the_member_to_a_known_player_of_that_name_instead_of_making_a_second_one(
    guild: GuildBuilder,
) -> None:
    bob = await guild.player("Bob")
    await guild.link(await guild.character("Bobmain"), bob)
    member = await guild.member("Bob", roles=[GUILD_ROLE])
    assert await mitigate_orphan_discord(guild.pool, await _issue(guild)) is True
    assert await guild.rows("select id, discord_user_id from guild_identity.players") == [(bob, member)]


async def test_without_any_character_that_means_the_member_nothing_is_created(guild: GuildBuilder) -> None:
    await guild.member("Quillon", roles=[GUILD_ROLE])
    await guild.character("Quill", "hello")
    issue = await _issue(guild)
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert (result.outcome, result.reason) == (
        FixOutcome.REFUSED,
        "No unlinked character's note or name means Quillon.",
    )
    assert await guild.rows("select id from guild_identity.players") == []


async def test_a_created_player_that_has_got_more_since_is_not_taken_back(guild: GuildBuilder) -> None:
    await guild.member("Quillon", roles=[GUILD_ROLE])
    character = await guild.character("Quillon")
    result = await fix_one(guild.pool, (await _issue(guild)).id, actor="alice")
    player = await guild.player_of(character)
    assert result.attempt_id is not None
    assert player is not None
    await guild.alt("Breeze", None, player)
    with pytest.raises(PlanStale, match="has other characters"):
        await mitigations.undo(guild.pool, result.attempt_id, actor="bob")
    assert await guild.player_of(character) == player
