-- name: ensure
-- Every rank that the roster uses has a row; until the addon tells its name it is called by its number.
insert into common.guild_ranks (guild_id, wow_rank_index, name, level)
select %(guild_id)s, i, case i when 0 then 'Guild Master' else 'Rank ' || i end, 10 - i
from unnest(%(indexes)b::smallint[]) as i
on conflict (guild_id, wow_rank_index) do nothing

-- name: seen_in_game
-- Rank names from the addon. A rank of which nobody has said to which role it maps takes the name; for another one a
-- different name is kept beside it, for an officer to confirm.
insert into common.guild_ranks as r (guild_id, wow_rank_index, name, name_in_game, level)
select %(guild_id)s, n.i, n.name, n.name, 10 - n.i
from unnest(%(indexes)b::smallint[], %(names)b::text[]) as n (i, name)
on conflict (guild_id, wow_rank_index) do update
set name_in_game = excluded.name,
    name = case when r.discord_role_id is null and not r.is_without_role then excluded.name else r.name end
where (r.name_in_game, r.name) is distinct from
      (excluded.name, case when r.discord_role_id is null and not r.is_without_role then excluded.name else r.name end)

-- name: all
select wow_rank_index, name, name_in_game, level, discord_role_id, discord_role_name, is_role_managed, is_without_role
from common.guild_ranks
where guild_id = %(guild_id)s
order by wow_rank_index

-- name: unmapped
-- Ranks that characters in the guild hold and of which nobody has said to which Discord role they map.
select r.wow_rank_index, r.name, count(*)
from common.guild_ranks r
join guild_identity.wow_characters c on c.guild_rank_id = r.id and c.removed_at is null
where r.guild_id = %(guild_id)s and r.discord_role_id is null and not r.is_without_role
group by r.wow_rank_index, r.name
order by r.wow_rank_index

-- name: map
-- Say which Discord role a rank maps to, and confirm its present name.
update common.guild_ranks r
set discord_role_id = %(role_id)s, discord_role_name = %(role_name)s, is_role_managed = %(is_managed)s,
    is_without_role = false, name = coalesce(r.name_in_game, r.name)
where r.guild_id = %(guild_id)s and r.wow_rank_index = %(index)s

-- name: leave_without_role
-- Say that a rank maps to no Discord role, and confirm its present name.
update common.guild_ranks r
set discord_role_id = null, discord_role_name = null, is_role_managed = false, is_without_role = true,
    name = coalesce(r.name_in_game, r.name)
where r.guild_id = %(guild_id)s and r.wow_rank_index = %(index)s

-- name: confirm
-- Take the names seen in the game as right, with the role mapping as it is.
update common.guild_ranks set name = name_in_game
where guild_id = %(guild_id)s and name_in_game is not null and name_in_game <> name
