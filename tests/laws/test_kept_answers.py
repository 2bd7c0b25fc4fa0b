"""What is kept of pages and answers says what would be drawn now, whatever happens in a guild, by the product or past it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

import thoroughness
from laws.guilds import BY_OFFICERS, BY_THEMSELVES, IN_THE_GAME, ON_DISCORD, Event, GuildSpec, events, guild_specs
from laws.happenings import live, lived
from laws.law import tried_on
from laws.life import Life
from sv_common.db.pool import Pool
from web.helpers import bound_session
from web.kept_answers import HTMX, Person, addresses, forgetful, keeping

_guilds = guild_specs(fewest_characters=3, fewest_members=1)
_PAST_THE_PRODUCT = (
    "update guild_identity.wow_characters set last_login_timestamp = 1, guild_note = 'Somebody' where guild_id = {guild}",
    "update guild_identity.players set display_name = display_name || 'x' where guild_id = {guild}",
    "update guild_identity.audit_issues set opened_at = opened_at - interval '40 days' where guild_id = {guild}",
    "update guild_identity.discord_users set display_name = 'Nobody' || id where guild_id = {guild}",
    "update common.guild_ranks set name = name || 'y' where guild_id = {guild}",
    "delete from guild_identity.player_characters where guild_id = {guild}",
    "update guild_identity.sync_log set started_at = started_at - interval '9 days' where guild_id = {guild}",
    "update guild_identity.guilds set language = case language when 'en' then 'de' else 'en' end where id = {guild}",
    "update guild_identity.guilds set name = name || 'z' where id = {guild}",
    "update common.web_sessions set last_seen_at = now() where {guild} > 0",
)
"""What a person might do with a console of the database; the last one is about nothing that is shown."""

_happenings = st.lists(
    st.one_of(
        events(*IN_THE_GAME, *ON_DISCORD, *BY_OFFICERS, *BY_THEMSELVES, most=2), st.sampled_from(_PAST_THE_PRODUCT)
    ),
    min_size=1,
    max_size=2,
)


async def _happen(life: Life, happening: list[Event] | str) -> None:
    if isinstance(happening, str):
        async with life.pool.connection() as conn:
            await conn.execute(sql.SQL(happening).format(guild=life.guild_id))
    else:
        await live(life, happening)
        await life.scan()


@settings(tried_on(), max_examples=30 if thoroughness.everything() else 3)
@given(_guilds, _happenings)
async def test_kept_answers_are_those_that_would_be_drawn_now(
    pool: Pool, spec: GuildSpec, happenings: list[list[Event] | str]
) -> None:
    life = await lived(pool, spec, [])
    await life.scan()
    kept, fresh = keeping(pool), forgetful(pool)
    everywhere = Person.of(await bound_session(pool, "ann", "administrator", None), kept, fresh)
    bound = Person.of(await bound_session(pool, "bob", "viewer", life.guild_id), kept, fresh)
    for happening in [None, *happenings]:
        if happening is not None:
            await _happen(life, happening)
        open_ones = [issue.id for issue in await life.open_issues()][:1]
        for address in addresses(life.guild_id, open_ones):
            await everywhere.sees_what_is_drawn(address)
            if str(life.guild_id) == address.rpartition("=")[2]:
                await bound.sees_what_is_drawn(address, HTMX)
    assert everywhere.given_again
    assert bound.given_again
