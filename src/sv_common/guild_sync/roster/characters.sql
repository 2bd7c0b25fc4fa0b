-- name: present
-- Every character in the guild now, or some of them, as a sync needs it.
select c.id, c.character_name, c.name_key, c.realm_slug, c.realm_key, c.realm_name, c.blizzard_realm_id,
       c.blizzard_character_id, c.guild_note, c.officer_note, l.player_id, l.basis_note, c.settled_rank_index,
       c.guild_note_as_of, c.officer_note_as_of, c.settled_rank_as_of
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null
  and (%(numbers)s::bigint[] is null or c.id = any (%(numbers)s::bigint[]))
order by c.id

-- name: present_versions
-- A version of each of them, of its own row and of its link's.
select pg_postmaster_start_time(),
       string_agg(int8send(c.id) || tidsend(c.ctid) || xidsend(c.xmin)
                  || coalesce(tidsend(l.ctid) || xidsend(l.xmin), '\x00000000000000000000'), '' order by c.id)
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null

-- name: same_characters
-- How many characters in the guild now are in a roster, by id within a realm, else by realm and name as below; and of how
-- many others the name alone is there, as of those who moved to another realm.
with incoming as (
    select * from unnest(%(name_keys)b::text[], %(realm_slugs)b::text[], %(realm_ids)b::bigint[],
                         %(character_ids)b::bigint[]) as i (name_key, realm_slug, realm_id, character_id)
), compared as (
    select exists (
               select from incoming i
               where (c.blizzard_character_id = i.character_id
                      and (c.blizzard_realm_id = i.realm_id or c.realm_slug = i.realm_slug))
                  or (c.realm_slug = i.realm_slug and c.name_key = i.name_key
                      and (c.blizzard_character_id is null or i.character_id is null))) as is_same,
           exists (select from incoming i where i.name_key = c.name_key) as is_namesake
    from guild_identity.wow_characters c
    where c.guild_id = %(guild_id)s and c.removed_at is null
)
select count(*) filter (where is_same), count(*) filter (where is_namesake and not is_same) from compared

-- name: apply_roster
-- Make the guild's characters those of the roster. A roster entry is the same character as a row with its Battle.net id
-- (a rename), else as a row of its realm and name, unless both have ids and they differ: then somebody else took the
-- name. An id that is missing is unknown, not different: the realm's slug stands for its id, and equal ids under one name
-- and realm are one character whatever the realm's id. Characters that left keep their row and their link, and find both
-- again when they return. No two parts of the statement touch the same row; names and ids may be swapped because
-- uniqueness is checked at commit. What a profile that was read later said is kept.
with incoming as (
    select * from unnest(%(names)b::text[], %(name_keys)b::text[], %(realm_slugs)b::text[], %(realm_keys)b::text[],
                         %(realm_names)b::text[], %(realm_ids)b::bigint[], %(character_ids)b::bigint[],
                         %(classes)b::text[], %(levels)b::smallint[], %(item_levels)b::smallint[],
                         %(ranks)b::smallint[], %(last_logins)b::bigint[])
        with ordinality
        as i (name, name_key, realm_slug, realm_key, realm_name, realm_id, character_id, class, level, item_level,
              rank_index, last_login, place)
), of_one_id as (
    select distinct on (i.place) i.place, c.id, (c.blizzard_realm_id = i.realm_id) is true as is_certain
    from incoming i
    join guild_identity.wow_characters c
        on c.guild_id = %(guild_id)s and c.blizzard_character_id = i.character_id
       and (c.blizzard_realm_id = i.realm_id
            or (c.realm_slug = i.realm_slug
                and (c.blizzard_realm_id is null or i.realm_id is null or c.name_key = i.name_key)))
    order by i.place, c.removed_at is not null, (c.blizzard_realm_id = i.realm_id) is true desc, c.id desc
), by_id as (
    select distinct on (id) place, id from of_one_id order by id, is_certain desc, place
), by_name as (
    select distinct on (i.place) i.place, c.id
    from incoming i
    join guild_identity.wow_characters c
        on c.guild_id = %(guild_id)s and c.realm_slug = i.realm_slug and c.name_key = i.name_key
       and (c.blizzard_character_id is null or i.character_id is null)
    where not exists (select from by_id where by_id.place = i.place)
      and not exists (select from by_id where by_id.id = c.id)
    order by i.place, c.removed_at is not null, c.id desc
), matched as (
    select m.place, c.id, c.character_name as old_name, c.name_key as old_key, c.realm_slug as old_realm,
           c.removed_at is not null as was_gone
    from (select * from by_id union all select * from by_name) m
    join guild_identity.wow_characters c on c.guild_id = %(guild_id)s and c.id = m.id
), told as (
    -- What the roster makes of each row that it has.
    select m.id, i.name as character_name, i.name_key, i.realm_slug, i.realm_key,
           coalesce(i.realm_name, case when c.realm_slug = i.realm_slug then c.realm_name end) as realm_name,
           coalesce(i.realm_id, c.blizzard_realm_id) as blizzard_realm_id,
           coalesce(i.character_id, c.blizzard_character_id) as blizzard_character_id,
           coalesce(i.class, c.character_class) as character_class, i.level,
           case when p.is_newer then c.item_level else coalesce(i.item_level, c.item_level) end as item_level,
           case when p.is_newer then c.last_login_timestamp
                else coalesce(i.last_login, c.last_login_timestamp) end as last_login_timestamp,
           i.rank_index, r.id as guild_rank_id, case when not m.was_gone then c.settled_rank_index end as settled_rank_index
    from matched m
    join incoming i using (place)
    join guild_identity.wow_characters c on c.guild_id = %(guild_id)s and c.id = m.id
    left join common.guild_ranks r on r.guild_id = %(guild_id)s and r.wow_rank_index = i.rank_index
    cross join lateral (
        select exists (select from guild_identity.character_profiles p
                       where p.guild_id = %(guild_id)s and p.character_id = m.id and p.fetched_at > %(as_of)s and p.fetched_at <= clock_timestamp())
    ) p (is_newer)
), updated as (
    -- Only rows that differ: most rosters say again what is known.
    update guild_identity.wow_characters c
    set character_name = t.character_name, name_key = t.name_key, realm_slug = t.realm_slug, realm_key = t.realm_key,
        realm_name = t.realm_name, blizzard_realm_id = t.blizzard_realm_id, blizzard_character_id = t.blizzard_character_id,
        character_class = t.character_class, level = t.level, item_level = t.item_level,
        last_login_timestamp = t.last_login_timestamp, rank_index = t.rank_index, guild_rank_id = t.guild_rank_id,
        settled_rank_index = t.settled_rank_index, blizzard_last_sync = now(), removed_at = null
    from told t
    where c.guild_id = %(guild_id)s and c.id = t.id
      and (c.character_name, c.name_key, c.realm_slug, c.realm_key, c.realm_name, c.blizzard_realm_id,
           c.blizzard_character_id, c.character_class, c.level, c.item_level, c.last_login_timestamp, c.rank_index,
           c.guild_rank_id, c.settled_rank_index, c.removed_at)
          is distinct from
          (t.character_name, t.name_key, t.realm_slug, t.realm_key, t.realm_name, t.blizzard_realm_id,
           t.blizzard_character_id, t.character_class, t.level, t.item_level, t.last_login_timestamp, t.rank_index,
           t.guild_rank_id, t.settled_rank_index, null)
), added as (
    insert into guild_identity.wow_characters
        (guild_id, character_name, name_key, realm_slug, realm_key, realm_name, blizzard_realm_id,
         blizzard_character_id, character_class, level, item_level, rank_index, guild_rank_id, last_login_timestamp,
         blizzard_last_sync)
    select %(guild_id)s, i.name, i.name_key, i.realm_slug, i.realm_key, i.realm_name, i.realm_id, i.character_id,
           i.class, i.level, i.item_level, i.rank_index, r.id, i.last_login, now()
    from incoming i
    left join common.guild_ranks r on r.guild_id = %(guild_id)s and r.wow_rank_index = i.rank_index
    where not exists (select from matched m where m.place = i.place)
    order by i.place
    returning character_name
), gone as (
    update guild_identity.wow_characters c
    set removed_at = now()
    where c.guild_id = %(guild_id)s and c.removed_at is null
      and not exists (select from matched m where m.id = c.id)
      and (%(is_complete)s
           or exists (select from incoming i where (i.realm_slug, i.name_key) = (c.realm_slug, c.name_key)))
    returning c.id, c.character_name
)
select 'joined', character_name, null, null::bigint from added
union all
select 'returned', i.name, null, m.id from matched m join incoming i using (place) where m.was_gone
union all
select 'renamed', m.old_name, i.name, m.id from matched m join incoming i using (place)
where (m.old_key, m.old_realm) <> (i.name_key, i.realm_slug)
union all
select 'left', character_name, null, id from gone

-- name: moment_of
-- The time that an export counts as: a time in the future is a wrong clock's, and counts as now.
select least(%(exported_at)s::timestamptz, clock_timestamp())

-- name: apply_notes
-- Write what the addon saw; a note or rank that was not seen (null) leaves what is known. The addon sees ranks and their
-- names together, so the rank table fits the ranks that it saw.
update guild_identity.wow_characters c
set guild_note = coalesce(n.note, c.guild_note),
    officer_note = coalesce(n.officer_note, c.officer_note),
    note_key = case when n.note is null then c.note_key else n.note_key end,
    settled_rank_index = coalesce(n.rank_index, c.settled_rank_index),
    guild_note_as_of = case when n.note is null then c.guild_note_as_of else %(as_of)s end,
    officer_note_as_of = case when n.officer_note is null then c.officer_note_as_of else %(as_of)s end,
    settled_rank_as_of = case when n.rank_index is null then c.settled_rank_as_of else %(as_of)s end,
    addon_last_sync = now()
from unnest(%(ids)b::bigint[], %(notes)b::text[], %(officer_notes)b::text[], %(note_keys)b::text[],
            %(ranks)b::smallint[])
    as n (id, note, officer_note, note_key, rank_index)
where c.id = n.id and c.guild_id = %(guild_id)s

-- name: last_export
-- The time now, and what the newest export saw to be as it was known. A time that lies in the future counts as not known.
select n.now, e.as_of, e.notes::text, e.officer_notes::text, e.ranks::text, e.rank_names::text
from (select clock_timestamp() as now) n
left join guild_identity.last_exports e on e.guild_id = %(guild_id)s and e.as_of <= n.now

-- name: keep_last_export
insert into guild_identity.last_exports (guild_id, as_of, notes, officer_notes, ranks, rank_names)
values (%(guild_id)s, %(as_of)s, %(notes)s::int8multirange, %(officer_notes)s::int8multirange, %(ranks)s::int8multirange,
        %(rank_names)s::int8multirange)
on conflict (guild_id) do update
set as_of = excluded.as_of, notes = excluded.notes, officer_notes = excluded.officer_notes, ranks = excluded.ranks,
    rank_names = excluded.rank_names

-- name: has_seen_the_same
-- Whether the newest export saw just this to be as it was known, and is of no later time; its time is now this one.
with same as (
    select as_of from guild_identity.last_exports
    where guild_id = %(guild_id)s and as_of <= %(as_of)s
      and notes = %(notes)s::int8multirange and officer_notes = %(officer_notes)s::int8multirange
      and ranks = %(ranks)s::int8multirange and rank_names = %(rank_names)s::int8multirange
), moved as (
    update guild_identity.last_exports e
    set as_of = %(as_of)s
    from same
    where e.guild_id = %(guild_id)s and same.as_of < %(as_of)s
)
select exists (select from same)

-- name: is_nothing_later
-- Whether nothing that the addon tells is known from later than a time, nor from a time that is still to come.
select not exists (select from guild_identity.wow_characters
                   where guild_id = %(guild_id)s and removed_at is null
                     and greatest(guild_note_as_of, officer_note_as_of, settled_rank_as_of) > %(as_of)s)
   and not exists (select from common.guild_ranks where guild_id = %(guild_id)s and name_as_of > %(as_of)s)
   and not exists (select from guild_identity.last_exports where guild_id = %(guild_id)s and as_of > %(as_of)s)

-- name: keep_times
-- Let facts of characters keep a time in their own rows, unless these tell a later one that has come.
update guild_identity.wow_characters c
set guild_note_as_of = case when c.id = any (%(notes)s) then greatest(t.note, %(as_of)s) else c.guild_note_as_of end,
    officer_note_as_of = case when c.id = any (%(officer_notes)s) then greatest(t.officer_note, %(as_of)s)
                              else c.officer_note_as_of end,
    settled_rank_as_of = case when c.id = any (%(ranks)s) then greatest(t.rank, %(as_of)s)
                              else c.settled_rank_as_of end
from guild_identity.wow_characters same
cross join lateral (
    select case when same.guild_note_as_of <= clock_timestamp() then same.guild_note_as_of end as note,
           case when same.officer_note_as_of <= clock_timestamp() then same.officer_note_as_of end as officer_note,
           case when same.settled_rank_as_of <= clock_timestamp() then same.settled_rank_as_of end as rank
) t
where c.guild_id = %(guild_id)s and same.id = c.id
  and (c.id = any (%(notes)s) or c.id = any (%(officer_notes)s) or c.id = any (%(ranks)s))

-- name: keep_rank_times
update common.guild_ranks
set name_as_of = greatest(case when name_as_of <= clock_timestamp() then name_as_of end, %(as_of)s)
where guild_id = %(guild_id)s and wow_rank_index = any (%(indexes)s)

-- name: settle_ranks
-- Take the ranks of the roster for those that the rank table fits, unless whole ranks have moved; an officer's word does.
update guild_identity.wow_characters c
set settled_rank_index = c.rank_index, settled_rank_as_of = clock_timestamp()
where c.guild_id = %(guild_id)s and c.removed_at is null and c.settled_rank_index is distinct from c.rank_index
  and (%(is_confirmed)s
       or not exists (select from guild_identity.moved_ranks m where m.guild_id = %(guild_id)s))
