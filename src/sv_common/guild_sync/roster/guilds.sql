-- name: take_in_roster
-- What lies in the future was written by a clock that was wrong, and counts as never.
update guild_identity.guilds g
set roster_as_of = n.as_of
from (select least(%(fetched_at)s::timestamptz, clock_timestamp()) as as_of) n
where g.id = %(guild_id)s
  and (g.roster_as_of is null or g.roster_as_of <= n.as_of or g.roster_as_of > clock_timestamp())
returning g.roster_as_of

-- name: take_in_members
-- As for the roster.
update guild_identity.guilds g
set members_as_of = n.as_of
from (select least(%(fetched_at)s::timestamptz, clock_timestamp()) as as_of) n
where g.id = %(guild_id)s
  and (g.members_as_of is null or g.members_as_of <= n.as_of or g.members_as_of > clock_timestamp())
returning g.members_as_of

-- name: all
select id, region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id, language
from guild_identity.guilds
order by id

-- name: one
select id, region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id, language
from guild_identity.guilds
where id = %(guild_id)s

-- name: add
-- A guild is known by its address; adding it again updates its name and its Discord server.
insert into guild_identity.guilds (region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id, language)
values (
    %(region)s, %(realm_slug)s, %(name_slug)s, %(name)s, %(discord_guild_id)s, %(audit_channel_id)s, %(language)s
)
on conflict (region, realm_slug, name_slug) do update
set name = excluded.name,
    discord_guild_id = coalesce(excluded.discord_guild_id, guilds.discord_guild_id),
    audit_channel_id = coalesce(excluded.audit_channel_id, guilds.audit_channel_id)
returning id

-- name: place_on_discord
-- Say where a guild is on Discord; what is not told stays.
update guild_identity.guilds
set discord_guild_id = coalesce(%(discord_guild_id)s, discord_guild_id),
    audit_channel_id = coalesce(%(audit_channel_id)s, audit_channel_id)
where id = %(guild_id)s

-- name: put_language
update guild_identity.guilds set language = %(language)s where id = %(guild_id)s

-- name: move
-- Keep the address under which Battle.net itself knows a guild, unless another guild has it. The old one is remembered
-- where it was another, and not the same written with or without an apostrophe.
with moved as (
    update guild_identity.guilds g
    set realm_slug = %(realm_slug)s, name_slug = %(name_slug)s
    from guild_identity.guilds old
    where old.id = g.id and g.id = %(guild_id)s and (g.realm_slug, g.name_slug) <> (%(realm_slug)s, %(name_slug)s)
      and not exists (select from guild_identity.guilds other
                      where (other.region, other.realm_slug, other.name_slug)
                            = (g.region, %(realm_slug)s, %(name_slug)s))
    returning g.id, g.region, old.realm_slug as old_realm, old.name_slug as old_slug, g.name
)
insert into guild_identity.former_addresses (guild_id, region, realm_slug, name_slug, name, changed_by)
select id, region, old_realm, old_slug, name, 'Battle.net' from moved
where old_realm <> %(realm_slug)s or translate(old_slug, $$'’`$$, '') <> translate(%(name_slug)s, $$'’`$$, '')

-- name: remember_address
insert into guild_identity.former_addresses (guild_id, region, realm_slug, name_slug, name, changed_by)
select id, region, realm_slug, name_slug, name, %(actor)s from guild_identity.guilds where id = %(guild_id)s

-- name: move_by_word
update guild_identity.guilds
set region = %(region)s, realm_slug = %(realm_slug)s, name_slug = %(name_slug)s, name = %(name)s
where id = %(guild_id)s

-- name: former_addresses
select region, realm_slug, name_slug, name, left_at, changed_by
from guild_identity.former_addresses
where guild_id = %(guild_id)s
order by left_at desc, id desc

-- name: roster_size
select count(*) from guild_identity.wow_characters where guild_id = %(guild_id)s and removed_at is null
