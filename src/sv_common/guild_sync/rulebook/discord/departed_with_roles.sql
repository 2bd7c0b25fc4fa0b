-- name: roster_age
-- How many seconds ago the roster was fetched that says who is in the guild; null where none was.
select extract(epoch from now() - roster_as_of)::bigint from guild_identity.guilds where id = %(guild_id)s
