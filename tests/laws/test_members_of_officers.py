"""Who somebody is on Discord, on an officer's word, over generated guilds: it holds, harms nobody else, and undo is exact."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import BY_OFFICERS, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import lived
from laws.law import tried_on
from laws.life import Life
from laws.snapshot import differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.identity.decisions import LinkCharacterToMember, LinkMember, ManualDecision

_MOST = 3
_lives = events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, most=4)


async def _decisions(life: Life, start: int) -> list[ManualDecision]:
    """Some of all decisions of this kind, from a place in their list on."""
    members = [row["id"] for row in await life.rows("discord_users") if row["is_present"] and not row["is_bot"]]
    characters = [row["id"] for row in await life.rows("wow_characters") if row["removed_at"] is None]
    players = [row["id"] for row in await life.rows("players")]
    decisions: list[ManualDecision] = [
        *(LinkCharacterToMember(str(character), str(member)) for character, member in product(characters, members)),
        *(LinkMember(str(player), str(member)) for player, member in product(players, members)),
    ]
    place = start % max(len(decisions), 1)
    return (decisions[place:] + decisions[:place])[:_MOST]


async def _owners(life: Life) -> dict[int, int | None]:
    """The Discord member of each linked character's player."""
    players = {row["id"]: row["discord_user_id"] for row in await life.rows("players")}
    return {row["character_id"]: players[row["player_id"]] for row in await life.rows("player_characters")}


@tried_on()
@given(guild_specs(fewest_characters=3, fewest_members=2), _lives, st.integers(min_value=0, max_value=99))
async def test_it_holds_takes_no_character_from_any_other_member_and_its_undo_is_exact(
    pool: Pool, spec: GuildSpec, life_of: list[Event], start: int
) -> None:
    life = await lived(pool, spec, life_of)
    rows = await snapshot.take(life.pool, tables=snapshot.PEOPLE_TABLES)
    for decision in await _decisions(life, start):
        before = await _owners(life)
        try:
            report = await life.decide(decision)
        except Refused:
            assert await _owners(life) == before
            continue
        after = await _owners(life)
        if isinstance(decision, LinkCharacterToMember):
            assert after[int(decision.character)] == int(decision.member)
            before.pop(int(decision.character), None)
        assert {(each, owner) for each, owner in before.items() if owner is not None} <= set(after.items())
        assert report.attempt_id is not None
        await life.undo(report.attempt_id)
        assert differences(rows, await snapshot.take(life.pool, tables=snapshot.PEOPLE_TABLES)) == {}
