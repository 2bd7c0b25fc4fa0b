"""The rule orphan_discord, on real rows."""

from __future__ import annotations

from guild_builder import ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.guild_sync.mitigations import mitigate_orphan_discord

GUILD_ROLE = ROLE_OF_RANK[SOCIAL]


async def test_the_fix_creates_the_player_with_every_unlinked_character_that_means_the_member(
    guild: GuildBuilder,
) -> None:
    member = await guild.member("Quillon", roles=[GUILD_ROLE])
    main = await guild.character("Quillon")
    alts = [await guild.character("Breeze", "Quillon"), await guild.character("Gale", "alt of Quillon")]
    other = await guild.character("Stranger", "Somebody")
    assert await mitigate_orphan_discord(guild.pool, await guild.open_issue("orphan_discord")) is True
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
    assert await mitigate_orphan_discord(guild.pool, await guild.open_issue("orphan_discord")) is True
    assert await guild.rows("select id, discord_user_id from guild_identity.players") == [(bob, member)]
