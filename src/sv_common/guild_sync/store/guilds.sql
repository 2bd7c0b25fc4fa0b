-- name: lock
-- Wait until no other transaction changes this guild's data; held to the end of the transaction.
select pg_advisory_xact_lock(7283, id) from guild_identity.guilds where id = %(guild_id)s

-- name: all
select id, region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id
from guild_identity.guilds
order by id

-- name: one
select id, region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id
from guild_identity.guilds
where id = %(guild_id)s

-- name: add
-- A guild is known by its address; adding it again updates its name and its Discord server.
insert into guild_identity.guilds (region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id)
values (%(region)s, %(realm_slug)s, %(name_slug)s, %(name)s, %(discord_guild_id)s, %(audit_channel_id)s)
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

-- name: move
-- Keep the address under which Battle.net itself knows a guild, unless another guild has it.
update guild_identity.guilds g
set realm_slug = %(realm_slug)s, name_slug = %(name_slug)s
where g.id = %(guild_id)s and (g.realm_slug, g.name_slug) <> (%(realm_slug)s, %(name_slug)s)
  and not exists (select from guild_identity.guilds other
                  where (other.region, other.realm_slug, other.name_slug) = (g.region, %(realm_slug)s, %(name_slug)s))

-- name: roster_size
select count(*) from guild_identity.wow_characters where guild_id = %(guild_id)s and removed_at is null
