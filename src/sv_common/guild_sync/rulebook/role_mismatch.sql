-- name: ranks_in_doubt
-- Ranks whose name in the game is no longer the one in the rank table.
select wow_rank_index, name, name_in_game
from common.guild_ranks
where guild_id = %(guild_id)s and name_in_game is distinct from name and name_in_game is not null
order by wow_rank_index

-- name: ranks_moved
-- How many characters are in ranks that moved as a whole since the rank table was last known to fit.
select characters from guild_identity.moved_ranks where guild_id = %(guild_id)s

-- name: unusable_roles
-- Managed roles that ranks map to and that nobody can give: gone from the server, @everyone, or an integration's own. One
-- row for each role, with the ranks that map to it. Nothing is said of a server whose roles were never read.
select min(r.id), r.discord_role_id, coalesce(min(d.name), min(r.discord_role_name), r.discord_role_id),
       array_agg(r.name order by r.wow_rank_index),
       case when d.role_id is null then 'gone' when d.role_id = g.discord_guild_id then 'everyone' else 'integration' end
from common.guild_ranks r
join guild_identity.guilds g on g.id = r.guild_id
left join guild_identity.discord_roles d on d.guild_id = r.guild_id and d.role_id = r.discord_role_id
where r.guild_id = %(guild_id)s and r.discord_role_id is not null and r.is_role_managed
  and exists (select from guild_identity.discord_roles known where known.guild_id = r.guild_id)
  and (d.role_id is null or d.is_integration or d.role_id = g.discord_guild_id)
group by r.guild_id, r.discord_role_id, d.role_id, g.discord_guild_id
order by 1
