"""A proposed note is read as exactly its owner, fits into the game, and ends what it was proposed for."""

from __future__ import annotations

from hypothesis import given

from laws.guilds import GuildSpec, guild_specs
from laws.law import empty, tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.insights.proposed_notes.proposals import LONGEST_NOTE, is_read_as_meant
from sv_common.guild_sync.insights.proposed_notes.read import proposals
from sv_common.guild_sync.rulebook import note_mismatch

_LINK_THE_OTHERS = (
    "insert into guild_identity.player_characters (guild_id, character_id, player_id, link_source, confidence, linked_by, basis) "
    "select c.guild_id, c.id, p.id, 'manual', 'confirmed', 'officer', 'officer' from guild_identity.wow_characters c "
    "join lateral (select id from guild_identity.players where guild_id = c.guild_id order by (id + c.id) %% 3, id limit 1) p "
    "on true where c.removed_at is null on conflict do nothing"
)
_CONFIRM = (
    "update guild_identity.player_characters set basis = case when character_id %% 3 = 0 then 'proven' else 'officer' end, "
    "confirmed_by = case when character_id %% 3 = 0 then null else 'officer' end, "
    "confirmed_at = case when character_id %% 3 = 0 then null else now() end where character_id %% 8 > 0"
)
_WRITE = "update guild_identity.wow_characters set guild_note = %s where id = %s"
_MAINS = (
    "update guild_identity.players p set main_character_id = (select min(l.character_id) from "
    "guild_identity.player_characters l where l.player_id = p.id) where main_character_id is null"
)


@tried_on(80)
@given(guild_specs(fewest_characters=6))
async def test_each_proposed_note_means_its_owner_alone_and_another_round_proposes_nothing(
    pool: Pool, spec: GuildSpec
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    async with pool.connection() as conn:
        for statement in (_LINK_THE_OTHERS, _CONFIRM, _MAINS):
            await conn.execute(statement, [])
    async with pool.reading(life.guild_id) as guild:
        found = await proposals(guild)
        before = await resolver_of(guild)
    for each in found.proposed:
        assert len(each.proposed) <= LONGEST_NOTE
        assert each.proposed.isprintable()
        assert each.proposed != each.note
        assert each.character.basis in ("proven", "officer")
    for each in found.proposed:  # one by one, since an officer may write any of them and not the others
        await _write(pool, each.character.id, each.proposed)
        async with pool.reading(life.guild_id) as guild:
            reader = await resolver_of(guild)
        assert is_read_as_meant(reader, each.character.id)
        assert note_mismatch.find(reader, [each.character.id]) == []
        assert before.facts.characters[each.character.id].player_id == each.character.player_id
    async with pool.reading(life.guild_id) as guild:
        left = await proposals(guild)
    assert {each.character.id for each in left.proposed}.isdisjoint(each.character.id for each in found.proposed)


async def _write(pool: Pool, character_id: int, note: str) -> None:
    async with pool.connection() as conn:
        await conn.execute(_WRITE, [note, character_id])
