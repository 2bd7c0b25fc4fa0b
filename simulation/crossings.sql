-- name: roles
select discord_id, (select coalesce(array_agg(role order by role), '{}') from unnest(all_guild_roles) role)
from guild_identity.discord_users
where guild_id = %(guild_id)s and is_present
