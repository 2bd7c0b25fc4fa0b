-- name: find
-- People on the Discord server who hold a role that a guild rank maps to, and are no player.
select d.id, d.display_name, d.discord_id, held.roles, held.role_ids
from guild_identity.discord_users d
join lateral (
    select array_agg(distinct r.discord_role_name order by r.discord_role_name) as roles,
           array_agg(distinct r.discord_role_id order by r.discord_role_id) as role_ids
    from common.guild_ranks r
    where r.guild_id = d.guild_id and r.discord_role_id = any (d.all_guild_roles)
) held on held.roles is not null
where d.guild_id = %(guild_id)s and d.is_present and not d.is_bot
  and not exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id)
  and (%(among)s::bigint[] is null or d.id = any (%(among)s::bigint[]))
order by d.id
