"""A guild of any size with many open questions, made in a few statements."""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.synthetic import SyntheticGuild, synthetic_guild
from guild_builder import RAIDER, ROLE_OF_RANK, SOCIAL, GuildBuilder
from sv_common.guild_sync.core.names import name_key, realm_key

_SHARE_OF_ORPHANS = 0.42
_SHARE_ON_DISCORD = 0.3


async def fill(guild: GuildBuilder, size: int, seed: int = 1) -> SyntheticGuild:
    """Add characters, some without a player, with whole, shortened and misspelled names in their notes."""
    people, rng = synthetic_guild(size, seed), random.Random(seed)  # noqa: S311 -- repeatable on purpose
    for person in people.people:
        is_known = rng.random() > _SHARE_OF_ORPHANS
        notes = [_note(rng, each.note, person.main.name) for each in person.characters]
        await _person(guild, [each.name for each in person.characters], notes, is_known, rng)
    return people


def _note(rng: random.Random, note: str, main: str) -> str:
    drawn = rng.random()
    if drawn < 0.4 or not note:
        return note
    return main[:5] if drawn < 0.6 else main.replace("a", "o", 1) if drawn < 0.8 else ""


async def _person(
    guild: GuildBuilder, names: Sequence[str], notes: Sequence[str], is_known: bool, rng: random.Random
) -> None:
    on_discord = None
    if rng.random() < _SHARE_ON_DISCORD:
        on_discord = await guild.member(f"{names[0]} | {names[0][:4]}", roles=[ROLE_OF_RANK[RAIDER]])
    numbers = await guild.rows(
        "insert into guild_identity.wow_characters (guild_id, character_name, name_key, realm_slug, realm_key, level, "
        "rank_index, guild_rank_id, guild_note, last_login_timestamp, character_class) "
        "select %(guild)s, c.name, c.key, 'area-52', %(realm)s, 80, %(rank)s, r.id, c.note, "
        "(extract(epoch from now()) * 1000)::bigint, 'Mage' "
        "from unnest(%(names)s::text[], %(keys)s::text[], %(notes)s::text[]) as c (name, key, note) "
        "join common.guild_ranks r on r.guild_id = %(guild)s and r.wow_rank_index = %(rank)s returning id",
        {
            "realm": realm_key("area-52"),
            "rank": SOCIAL,
            "names": list(names),
            "keys": [name_key(name) for name in names],
            "notes": list(notes),
        },
    )
    if is_known:
        player = await guild.player(names[0], member=on_discord)
        for (number,) in numbers:
            await guild.link(number, player)
