-- name: ensure
-- Every rank that the roster uses has a row; until the addon tells its name it is called by its number.
insert into common.guild_ranks (guild_id, wow_rank_index, name, level)
select %(guild_id)s, i, case i when 0 then 'Guild Master' else 'Rank ' || i end, 10 - i
from unnest(%(indexes)b::smallint[]) as i
on conflict (guild_id, wow_rank_index) do nothing

-- name: seen_in_game
-- Rank names from the addon. A rank of which nobody has said to which role it maps takes the name; for another one a
-- different name is kept beside it, for an officer to confirm. What is called so already is not written.
insert into common.guild_ranks as r (guild_id, wow_rank_index, name, name_in_game, name_as_of, level)
select %(guild_id)s, n.i, n.name, n.name, coalesce(%(as_of)s::timestamptz, clock_timestamp()), 10 - n.i
from unnest(%(indexes)b::smallint[], %(names)b::text[]) as n (i, name)
on conflict (guild_id, wow_rank_index) do update
set name_in_game = excluded.name, name_as_of = excluded.name_as_of,
    name = case when r.discord_role_id is null and not r.is_without_role then excluded.name else r.name end
where (r.name_in_game is distinct from excluded.name
       or (r.name <> excluded.name and r.discord_role_id is null and not r.is_without_role))
  and (r.name_as_of is null or r.name_as_of <= excluded.name_as_of or r.name_as_of > clock_timestamp())
  and not exists (select from guild_identity.last_exports e
                  where e.guild_id = r.guild_id and e.as_of > excluded.name_as_of and e.as_of <= clock_timestamp()
                    and e.rank_names @> r.wow_rank_index::bigint)

-- name: all
-- A time that lies in the future counts as not known.
select r.wow_rank_index, r.name, r.name_in_game, r.level, r.discord_role_id, r.discord_role_name, r.is_role_managed,
       r.is_without_role,
       greatest(case when r.name_as_of <= clock_timestamp() then r.name_as_of end, e.as_of) as name_as_of
from common.guild_ranks r
left join guild_identity.last_exports e
    on e.guild_id = r.guild_id and e.as_of <= clock_timestamp() and e.rank_names @> r.wow_rank_index::bigint
where r.guild_id = %(guild_id)s
order by r.wow_rank_index

-- name: examples
-- Some characters of each rank, by whom people know which one it is: those of the highest level, who logged in last.
select r.wow_rank_index, array_agg(c.character_name order by c.place)
from common.guild_ranks r
cross join lateral (
    select c.character_name,
           row_number() over (order by c.level desc nulls last, c.last_login_timestamp desc nulls last, c.id) as place
    from guild_identity.wow_characters c
    where c.guild_id = r.guild_id and c.guild_rank_id = r.id and c.removed_at is null
    order by place
    limit %(most)s
) c
where r.guild_id = %(guild_id)s
group by r.wow_rank_index

-- name: unmapped
-- Ranks that characters in the guild hold and of which nobody has said to which Discord role they map.
select r.wow_rank_index, r.name, count(*)
from common.guild_ranks r
join guild_identity.wow_characters c on c.guild_id = r.guild_id and c.guild_rank_id = r.id and c.removed_at is null
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

-- name: put_roles
-- Names and roles of several ranks, as an administrator has decided or as they were before that.
update common.guild_ranks r
set name = n.name, discord_role_id = n.role_id, discord_role_name = n.role_name, is_role_managed = n.is_managed,
    is_without_role = n.is_without
from unnest(%(indexes)b::smallint[], %(names)b::text[], %(role_ids)b::text[], %(role_names)b::text[],
            %(managed)b::boolean[], %(without)b::boolean[]) as n (i, name, role_id, role_name, is_managed, is_without)
where r.guild_id = %(guild_id)s and r.wow_rank_index = n.i

-- name: members
-- How many characters hold each rank now.
select rank_index, count(*)
from guild_identity.wow_characters
where guild_id = %(guild_id)s and removed_at is null
group by rank_index

-- name: moved
-- How many characters are in ranks that moved as a whole.
select characters from guild_identity.moved_ranks where guild_id = %(guild_id)s

-- name: confirm
-- Take the names seen in the game as right; return how many are new. A Discord role, or none on purpose, belongs to a name:
-- where a name has gone to another number, its role goes along (of two ranks that had the same name nobody can tell which
-- it was). Below the last rank that is surely in its old place, a rank keeps no role when its name is new, or when nobody
-- holds it, for then the addon did not see its name.
with r as (
    select r.id, r.wow_rank_index, r.name, coalesce(r.name_in_game, r.name) as seen, r.discord_role_id,
           r.discord_role_name, r.is_role_managed, r.is_without_role,
           exists (select from guild_identity.wow_characters c where c.guild_id = r.guild_id and c.guild_rank_id = r.id and c.removed_at is null)
               as is_held
    from common.guild_ranks r
    where r.guild_id = %(guild_id)s
), origins as (
    select r.id, case count(*) when 1 then min(o.id) end as origin_id,
           least(r.wow_rank_index, min(o.wow_rank_index)) as first_index
    from r
    join r o on o.id <> r.id and o.name = r.seen and (o.seen <> o.name or not o.is_held)
    where r.seen <> r.name or (r.discord_role_id is null and not r.is_without_role)
    group by r.id, r.wow_rank_index
), shift as (
    select coalesce(max(r.wow_rank_index) filter (where r.is_held and r.seen = r.name
                                                  and r.wow_rank_index < o.first_index), -1) as last_unmoved
    from r
    cross join (select min(first_index) as first_index from origins) o
    having count(o.first_index) > 0
), confirmed as (
    select r.id, r.seen, r.seen <> r.name as is_new, o.discord_role_id, o.discord_role_name,
           coalesce(o.is_role_managed, false) as is_role_managed, coalesce(o.is_without_role, false) as is_without_role
    from r
    left join origins on origins.id = r.id
    left join shift on true
    left join r o on o.id = case
        when origins.id is not null then origins.origin_id
        when r.wow_rank_index > shift.last_unmoved and (r.seen <> r.name or not r.is_held) then null
        else r.id
    end
), written as (
    update common.guild_ranks g
    set name = c.seen, discord_role_id = c.discord_role_id, discord_role_name = c.discord_role_name,
        is_role_managed = c.is_role_managed, is_without_role = c.is_without_role
    from confirmed c
    where g.id = c.id
      and (g.name, g.discord_role_id, g.is_without_role) is distinct from (c.seen, c.discord_role_id, c.is_without_role)
)
select count(*) from confirmed where is_new
