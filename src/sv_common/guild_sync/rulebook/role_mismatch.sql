-- name: ranks_in_doubt
-- Ranks whose name in the game is no longer the one in the rank table.
select r.guild_id, r.wow_rank_index, r.name, r.name_in_game
from common.guild_ranks r
where r.name_in_game is distinct from r.name and r.name_in_game is not null
  and (%(guild_id)s::integer is null or r.guild_id = %(guild_id)s)
order by r.guild_id, r.wow_rank_index

-- name: ranks_moved
-- How many characters are in ranks that moved as a whole since the rank table was last known to fit.
select sum(characters) from guild_identity.moved_ranks
where %(guild_id)s::integer is null or guild_id = %(guild_id)s

-- name: find
-- Players on Discord whose managed roles are not just the role of their highest rank among characters in the guild.
with highest as (
    select distinct on (p.id)
        p.id, p.guild_id, p.display_name, p.discord_user_id, c.character_name, l.basis, l.basis_note, l.vouched_by,
        p.discord_basis, p.discord_vouched_by,
        r.name as rank_name, r.discord_role_id, r.discord_role_name, r.is_role_managed
    from guild_identity.players p
    join guild_identity.player_characters l on l.player_id = p.id
    join guild_identity.wow_characters c on c.id = l.character_id and c.removed_at is null
    join common.guild_ranks r on r.id = c.guild_rank_id
    where %(guild_id)s::integer is null or p.guild_id = %(guild_id)s
    order by p.id, r.level desc, r.wow_rank_index, c.id
)
select h.id, h.guild_id, h.display_name, d.id, d.display_name, h.character_name, h.rank_name,
       h.discord_role_id, h.discord_role_name, h.discord_role_id = any (d.all_guild_roles) as has_right_role,
       coalesce(wrong.ids, '{}'), coalesce(wrong.names, '{}'), h.basis, h.basis_note, h.vouched_by, h.discord_basis,
       h.discord_vouched_by,
       -- What the role gives here, where that is more than a look.
       (select a.role from common.guild_authority_in_force a
        where a.guild_id = h.guild_id and a.kind = 'discord_role' and a.key = h.discord_role_id
          and a.role in ('officer', 'administrator')) as gives
from highest h
join guild_identity.discord_users d on d.id = h.discord_user_id and d.is_present
left join lateral (
    select array_agg(w.discord_role_id order by w.discord_role_id) as ids,
           array_agg(w.discord_role_name order by w.discord_role_id) as names
    from (
        select distinct on (r.discord_role_id) r.discord_role_id, coalesce(r.discord_role_name, r.name) as discord_role_name
        from common.guild_ranks r
        where r.guild_id = h.guild_id and r.is_role_managed and r.discord_role_id <> h.discord_role_id
          and r.discord_role_id = any (d.all_guild_roles)
        order by r.discord_role_id, r.wow_rank_index
    ) w
) wrong on true
where h.is_role_managed
  and (not h.discord_role_id = any (d.all_guild_roles) or wrong.ids is not null)
order by h.id
