"""Names that somebody who left bore before: whoever bears them now is meant."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.identity.decisions import LinkCharacter, LinkCharacterToMember
from sv_common.guild_sync.identity_engine import apply_decision, preview_decision


@pytest.mark.parametrize("realm", ["area-52", "proudmoore"])
async def test_a_departed_namesake_does_not_block_the_present_character(guild: GuildBuilder, realm: str) -> None:
    old = await guild.player("Old Mito")
    departed = await guild.character("Mito", realm=realm, has_left=True)
    await guild.link(departed, old)
    present = await guild.character("Mito")
    new = await guild.player("New Mito")
    await apply_decision(guild.pool, LinkCharacter("Mito", "New Mito"), actor="alice")
    assert (await guild.player_of(present), await guild.player_of(departed)) == (new, old)


async def test_who_left_is_still_named_by_name_where_nobody_present_bears_it(guild: GuildBuilder) -> None:
    departed = await guild.character("Mito", has_left=True)
    await guild.link(departed, await guild.player("Old Mito"))
    new = await guild.player("New Mito")
    await apply_decision(guild.pool, LinkCharacter("Mito", "New Mito"), actor="alice")
    assert await guild.player_of(departed) == new


async def test_two_present_namesakes_have_to_be_told_apart(guild: GuildBuilder) -> None:
    await guild.character("Mito")
    await guild.character("Mito", realm="proudmoore")
    await guild.player("Zed")
    with pytest.raises(Refused, match="Write it as Name-Realm"):
        await preview_decision(guild.pool, LinkCharacter("Mito", "Zed"))


async def test_a_member_who_left_the_server_does_not_block_one_of_the_same_name_who_is_there(
    guild: GuildBuilder,
) -> None:
    gone = await guild.member("Robin", is_present=False)
    await guild.player("Old Robin", member=gone)
    here = await guild.member("Robin")
    await guild.character("Mito")
    await apply_decision(guild.pool, LinkCharacterToMember("Mito", "Robin"), actor="alice")
    assert await guild.rows(
        "select p.discord_user_id from guild_identity.players p join guild_identity.player_characters l "
        "on l.player_id = p.id"
    ) == [(here,)]
