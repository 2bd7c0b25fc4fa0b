-- name: all
-- What is known for each character that is in the guild.
select e.character_id, e.requested_at, e.outcome, e.account, e.oldest, e.by_hash, e.pets, e.achievements, e.read_at,
       e.doubted_oldest, e.doubted_by_hash, e.doubted_pets, e.doubted_achievements, e.doubted_read_at
from guild_identity.account_evidence e
join guild_identity.wow_characters c on c.guild_id = e.guild_id and c.id = e.character_id and c.removed_at is null
where e.guild_id = %(guild_id)s
order by e.character_id

-- name: write
insert into guild_identity.account_evidence as e
    (guild_id, character_id, requested_at, outcome, account, oldest, by_hash, pets, achievements, read_at,
     doubted_oldest, doubted_by_hash, doubted_pets, doubted_achievements, doubted_read_at)
select %(guild_id)s, n.id, n.requested_at, n.outcome, n.account, n.oldest, n.by_hash, n.pets, n.achievements, n.read_at,
       n.doubted_oldest, n.doubted_by_hash, n.doubted_pets, n.doubted_achievements, n.doubted_read_at
from unnest(%(ids)b::bigint[], %(requested)b::timestamptz[], %(outcomes)b::text[], %(accounts)b::bigint[],
            %(oldest)b::bytea[], %(by_hash)b::bytea[], %(pets)b::integer[], %(achievements)b::bytea[],
            %(read_at)b::timestamptz[], %(doubted_oldest)b::bytea[], %(doubted_by_hash)b::bytea[],
            %(doubted_pets)b::integer[], %(doubted_achievements)b::bytea[], %(doubted_read_at)b::timestamptz[])
    as n (id, requested_at, outcome, account, oldest, by_hash, pets, achievements, read_at, doubted_oldest,
          doubted_by_hash, doubted_pets, doubted_achievements, doubted_read_at)
join guild_identity.wow_characters c on c.guild_id = %(guild_id)s and c.id = n.id and c.removed_at is null
where n.id not in (select character_id from guild_identity.not_compared where guild_id = %(guild_id)s)
on conflict (guild_id, character_id) do update
set requested_at = excluded.requested_at, outcome = excluded.outcome, account = excluded.account,
    oldest = excluded.oldest, by_hash = excluded.by_hash, pets = excluded.pets,
    achievements = excluded.achievements, read_at = excluded.read_at,
    doubted_oldest = excluded.doubted_oldest, doubted_by_hash = excluded.doubted_by_hash,
    doubted_pets = excluded.doubted_pets, doubted_achievements = excluded.doubted_achievements,
    doubted_read_at = excluded.doubted_read_at

-- name: due
-- Characters in the guild that are to be read now: those never asked for first, then those that are due longest, as far as
-- the requests go. One whose pets Battle.net did not show the last time needs two: for its pets, and for its achievements.
-- Only where Battle.net shows the profile, which says that the name still is this character's; and never against an objection.
-- A time in the future counts as never.
with known as (
    select c.id, c.realm_slug, c.character_name, c.blizzard_character_id,
           case when e.requested_at <= now() then e.requested_at
                     + case when e.outcome = 'failed' then %(failed)s::interval
                            when e.outcome = 'refused' then %(refused)s::interval
                            when e.doubted_read_at is not null then %(doubted)s::interval
                            else (1 + (c.id * 0.618034) %% 1 / 4)::double precision * %(read)s::interval end
                end as due_at,
           case when e.requested_at is null or e.pets is not null then 1 else 2 end as requests
    from guild_identity.wow_characters c
    join guild_identity.character_profiles p
        on p.guild_id = c.guild_id and p.character_id = c.id and p.fetched_at is not null and p.gone_since is null
    left join guild_identity.account_evidence e on e.guild_id = c.guild_id and e.character_id = c.id
    where c.guild_id = %(guild_id)s and c.removed_at is null
      and c.id not in (select character_id from guild_identity.not_compared where guild_id = %(guild_id)s)
)
select id, realm_slug, character_name, blizzard_character_id
from (
    select *, sum(requests) over (order by due_at nulls first, id) as requests_so_far
    from known
    where due_at is null or due_at <= now()
) due
where requests_so_far <= %(most)s
order by due_at nulls first, id

-- name: forget
update guild_identity.account_evidence e
set requested_at = now(), outcome = 'refused', account = null,
    oldest = null, by_hash = null, pets = null, achievements = null, read_at = null,
    doubted_oldest = null, doubted_by_hash = null, doubted_pets = null, doubted_achievements = null, doubted_read_at = null
where e.guild_id = %(guild_id)s and e.character_id = any (%(ids)s) and e.outcome <> 'refused'

-- name: expire
-- A time in the future was written by a clock that was wrong, and counts as too old.
with aged as (
    select e.character_id,
           e.read_at not between now() - %(kept)s::interval and now() as is_old,
           e.doubted_read_at not between now() - %(kept)s::interval and now() as is_doubted_old
    from guild_identity.account_evidence e
    where e.guild_id = %(guild_id)s
)
update guild_identity.account_evidence e
set oldest = case when not a.is_old then e.oldest end, by_hash = case when not a.is_old then e.by_hash end,
    pets = case when not a.is_old then e.pets end, achievements = case when not a.is_old then e.achievements end,
    read_at = case when not a.is_old then e.read_at end,
    account = case when not a.is_old then e.account end,
    doubted_oldest = case when not a.is_doubted_old then e.doubted_oldest end,
    doubted_by_hash = case when not a.is_doubted_old then e.doubted_by_hash end,
    doubted_pets = case when not a.is_doubted_old then e.doubted_pets end,
    doubted_achievements = case when not a.is_doubted_old then e.doubted_achievements end,
    doubted_read_at = case when not a.is_doubted_old then e.doubted_read_at end
from aged a
where e.guild_id = %(guild_id)s and e.character_id = a.character_id and (a.is_old or a.is_doubted_old)
