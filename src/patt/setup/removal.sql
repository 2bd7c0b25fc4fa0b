-- name: counts
-- How much a guild has.
select (select count(*) from guild_identity.wow_characters where guild_id = %(guild_id)s) as characters,
       (select count(*) from guild_identity.players where guild_id = %(guild_id)s) as players,
       (select count(*) from guild_identity.discord_users where guild_id = %(guild_id)s) as members,
       (select count(*) from guild_identity.audit_issues where guild_id = %(guild_id)s) as issues,
       (select count(*) from guild_identity.fix_attempts where guild_id = %(guild_id)s) as attempts

-- name: lock
-- Be the only one that changes the guild.
select pg_advisory_xact_lock(7283, %(guild_id)s)

-- name: delete
-- Everything of the guild goes with it.
delete from guild_identity.guilds where id = %(guild_id)s

-- name: forget_jobs
delete from jobs.procrastinate_jobs where lock = 'guild ' || %(guild_id)s::integer and status = 'todo'

-- name: forget_turn
delete from jobs.turns where lock = 'guild ' || %(guild_id)s::integer
