-- name: read
select days from guild_identity.retention_settings where guild_id = %(guild_id)s

-- name: write
insert into guild_identity.retention_settings (guild_id, days, updated_by) values (%(guild_id)s, %(days)s, %(actor)s)
on conflict (guild_id) do update set days = excluded.days, updated_by = excluded.updated_by, updated_at = now()
