"""Erasing a person: every column is thought of, what is under way is not touched, and who is in the guild comes back as a stranger."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder, entry, person, server
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Busy, NotFound, PlanStale
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.discord_sync import sync_discord_members
from sv_common.guild_sync.erasing.erase import erase, preview_erase
from sv_common.guild_sync.erasing.person import PersonRow, find
from sv_common.guild_sync.erasing.texts import NO_TEXTS, TEXTS
from sv_common.guild_sync.identity.decisions import MergePlayers, SetHiatus
from sv_common.guild_sync.issues import lifecycle

_OF_GUILDS = """
select c.oid::regclass::text, array_agg(a.attname::text order by a.attname) from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    and a.atttypid in ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
  and (c.oid = 'guild_identity.guilds'::regclass or exists (
        select from pg_attribute g where g.attrelid = c.oid and g.attname = 'guild_id' and not g.attisdropped))
group by c.oid
"""
_OF_THE_INSTALLATION = {"common.admin_accounts"}
"""Deleted as a whole row, where the person is in no other guild."""


async def test_every_text_of_a_guild_is_rewritten_or_left_for_a_reason(guild: GuildBuilder) -> None:
    there = dict(await guild.rows(_OF_GUILDS))
    for table in _OF_THE_INSTALLATION:
        del there[table]
    for table, columns in there.items():
        told = TEXTS.get(table, "").split()
        assert set(told) <= set(columns), table
        assert sorted(told) == columns or table in NO_TEXTS, f"{table}: {columns}"
    assert TEXTS.keys() | NO_TEXTS.keys() <= there.keys()


async def test_a_person_who_is_in_the_guild_comes_back_as_a_stranger_and_one_who_left_does_not(
    guild: GuildBuilder,
) -> None:
    mito = await guild.main("Mito")
    gone = await guild.alt("Longgone", None, mito)
    await guild.main("Zork")
    await guild.execute("update guild_identity.wow_characters set removed_at = now() where id = %(id)s", {"id": gone})
    plan = await preview_erase(guild.pool, PersonRow("player", mito), guild_id=guild.guild_id)
    assert plan.still_here == ["Mito-area-52", "@mito#discord"]
    await erase(guild.pool, PersonRow("player", mito), actor="officer alice", guild_id=guild.guild_id, key=plan.key)
    await sync_blizzard_roster(guild.pool, [entry("Mito"), entry("Zork")], guild_id=guild.guild_id)
    await sync_discord_members(guild.pool, server(guild, person("1", "Zork#discord")), guild_id=guild.guild_id)
    await guild.scan()
    names = "select character_name from guild_identity.wow_characters order by 1"
    assert await guild.rows(names) == [("Mito",), ("Zork",)]
    assert await guild.rows("select display_name from guild_identity.players") == [("Zork",)]
    assert await guild.rows("select count(*) from guild_identity.discord_users where username like 'mito%%'") == [(0,)]


async def test_an_officer_who_is_erased_is_an_erased_person_in_what_they_did(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.main("Zork")
    await guild.character("Lonely")
    issue = await guild.open_issue("orphan_wow")
    await guild.call(lifecycle.dismiss, issue.id, actor="officer Mito", reason="Mito knows them", until=None)
    done = await guild.decide(SetHiatus("Zork", None, "asked Mito"), "officer Mito")
    await erase(guild.pool, PersonRow("player", mito), actor="officer Mito", guild_id=guild.guild_id)
    said = "select actor, reason from guild_identity.issue_events where event = 'dismissed'"
    assert await guild.rows(said) == [("officer erased person", "erased person knows them")]
    assert await guild.rows("select actor from guild_identity.erasures") == [("officer erased person",)]
    assert await guild.rows("select reason, set_by from guild_identity.hiatuses") == [
        ("asked erased person", "officer erased person")
    ]
    await guild.undo(done)
    assert await guild.rows("select count(*) from guild_identity.hiatuses") == [(0,)]


async def test_what_was_done_together_with_the_person_is_not_undone_in_halves(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Grimalt", None, await guild.player("Zork"))
    merged = await guild.decide(MergePlayers("Mito", "Zork"))
    await erase(guild.pool, PersonRow("player", mito), actor="officer alice", guild_id=guild.guild_id)
    with pytest.raises(Exception, match="changed nothing"):
        await guild.undo(merged)
    assert await guild.rows("select count(*) from guild_identity.players") == [(0,)]


async def test_a_name_that_somebody_else_has_stays_in_texts_and_is_told(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.character("Mito", realm="zuljin")
    await guild.main("Zork", note="friend of Mito")
    plan = await preview_erase(guild.pool, PersonRow("player", mito), guild_id=guild.guild_id)
    assert "Mito" in plan.left_words
    assert any("“Mito”" in each for each in plan.stays)


async def test_nobody_is_erased_while_their_roles_are_changed_or_when_more_would_go_than_was_seen(
    guild: GuildBuilder,
) -> None:
    mito = await guild.main("Mito")
    known_by = PersonRow("player", mito)
    plan = await preview_erase(guild.pool, known_by, guild_id=guild.guild_id)
    await guild.alt("Newalt", None, mito)
    with pytest.raises(PlanStale):
        await erase(guild.pool, known_by, actor="officer alice", guild_id=guild.guild_id, key=plan.key)
    ((member,),) = await guild.rows("select discord_user_id from guild_identity.players")
    await guild.execute(
        "insert into guild_identity.fix_attempts (guild_id, issue_type, actor, is_automatic, outcome, reason, intended, duration_ms) "
        "values (%(guild)s, 'role_mismatch', 'x', true, 'running', 'x', jsonb_build_array(jsonb_build_object('table', 'role', "
        "'id', %(member)s::bigint, 'before', null, 'after', jsonb_build_object('role_id', '101', 'held', true))), 0)",
        {"member": member},
    )
    with pytest.raises(Busy, match="under way"):
        await erase(guild.pool, known_by, actor="officer alice", guild_id=guild.guild_id)
    assert await guild.rows("select count(*) from guild_identity.wow_characters") == [(2,)]


async def test_somebody_is_found_by_any_name_and_their_account_goes_where_no_other_guild_knows_them(
    guild: GuildBuilder, pool: Pool
) -> None:
    mito = await guild.main("Mito")
    for called in ("Mito", "mito#discord", "Mito-area-52"):
        assert (await guild.call(find, called)).kind in ("player", "member", "character")
    with pytest.raises(NotFound, match="Nobody is called “Nemo”"):
        await guild.call(find, "Nemo")
    ((discord_id,),) = await guild.rows("select discord_id from guild_identity.discord_users")
    add = "insert into common.admin_accounts (name, discord_id) values ('Mito', %(id)s)"
    await guild.execute(add, {"id": discord_id})
    other = await GuildBuilder.create(pool, "Second Lantern", "7001")
    await other.execute(
        "insert into guild_identity.discord_users (guild_id, discord_id, username, display_name) "
        "values (%(guild)s, %(id)s, 'mito', 'Mito')",
        {"id": discord_id},
    )
    await erase(pool, PersonRow("player", mito), actor="officer alice", guild_id=guild.guild_id)
    assert await guild.rows("select count(*) from common.admin_accounts") == [(1,)]
    ((member,),) = await guild.rows("select id from guild_identity.discord_users")
    await erase(pool, PersonRow("member", member), actor="officer alice", guild_id=other.guild_id)
    assert await guild.rows("select count(*) from common.admin_accounts") == [(0,)]
