"""After an erase no row of the guild holds the person's names, ids or notes, whatever was done before; and no undo brings them back."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from laws import snapshot
from laws.guilds import BY_OFFICERS, BY_THEMSELVES, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import live
from laws.law import empty, tried_on
from laws.life import Life
from laws.snapshot import differences
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import NotFound, PattError
from sv_common.guild_sync.erasing import person
from sv_common.guild_sync.erasing.erase import erase, preview_erase
from sv_common.guild_sync.erasing.person import Person, PersonRow
from sv_common.guild_sync.mitigations import undo

_ACTOR = "officer Zz"
_guilds = guild_specs(fewest_characters=4, fewest_members=2).filter(lambda spec: len(spec.players) > 1)
_lives = events(*BY_OFFICERS, *BY_OFFICERS, *BY_THEMSELVES, *IN_THE_GAME, *ON_DISCORD, most=10)
_OWN_NAMES = {
    "guild_identity.wow_characters": {
        "character_name",
        "name_key",
        "realm_slug",
        "realm_key",
        "realm_name",
        "character_class",
    },
    "guild_identity.discord_users": {
        "username",
        "global_name",
        "display_name",
        "highest_guild_role",
        "all_guild_roles",
    },
    "guild_identity.players": {"display_name"},
    "guild_identity.player_note_aliases": {"alias", "alias_key"},
    "guild_identity.former_names": {"name"},
    "guild_identity.guilds": {"name", "name_slug", "realm_slug"},
    "guild_identity.audit_issues": {"search_text"},
}
"""Names of others in their own rows, and what the database makes of the summary beside it, without accents."""


async def _holding(pool: Pool, words: list[str]) -> list[str]:
    """Where any of these words stands, in any column of any row."""
    if not words:
        return []  # others are called the same
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)
    found = await snapshot.read(pool, await _all_tables(pool))
    return [
        f"{table}.{column}: {value}"
        for table, rows in found.items()
        for row in rows
        for column, value in row.items()
        if column not in _OWN_NAMES.get(table, set()) and any(map(pattern.search, _texts(value)))
    ]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for name, each in value.items() if name != "realm_slug" for text in _texts(each)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []


async def _all_tables(pool: Pool) -> list[str]:
    return list(await snapshot.take(pool))


async def _person(life: Life, known_by: PersonRow) -> Person:
    async with life.pool.reading(life.guild_id) as guild:
        return await person.read(guild, known_by)


async def _some(life: Life, choice: int) -> PersonRow | None:
    whole = [PersonRow("player", row["id"]) for row in await life.rows("players")]
    whole += [PersonRow("member", row["id"]) for row in await life.rows("discord_users")]
    whole += [PersonRow("character", row["id"]) for row in await life.rows("wow_characters")]
    return whole[choice % len(whole)] if whole else None


@tried_on()
@given(_guilds, _lives, st.integers(0, 40))
async def test_nothing_of_an_erased_person_is_left_and_no_undo_brings_it_back(
    pool: Pool, spec: GuildSpec, life_of: list[Event], choice: int
) -> None:
    await empty(pool)
    life = await Life.begin(pool, spec)
    await live(life, life_of)
    await life.scan()
    known_by = await _some(life, choice)
    if known_by is None:
        return
    who = await _person(life, known_by)
    before = await snapshot.take(pool)
    seen = await preview_erase(pool, known_by, guild_id=life.guild_id)
    assert differences(before, await snapshot.take(pool)) == {}
    done = await erase(pool, known_by, actor=_ACTOR, guild_id=life.guild_id, key=seen.key)
    assert done.counts == seen.counts
    words = list(who.names.words)
    assert await _holding(pool, words) == []
    for attempt in await life.undoable_attempts():
        try:
            await undo(pool, attempt, actor=_ACTOR, guild_id=life.guild_id, discord_bot=life.discord)
        except PattError:
            continue
    assert await _holding(pool, words) == []
    await life.scan()
    try:
        await preview_erase(pool, known_by, guild_id=life.guild_id)
    except NotFound:
        return
    raise AssertionError("the person is still there")
