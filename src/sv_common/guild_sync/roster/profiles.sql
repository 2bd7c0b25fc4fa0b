-- name: due
-- Characters in the guild whose profile is old enough to be asked for again, and how many there are in all. How old that is
-- depends on what it is for: most where the next login decides whether somebody is inactive, and each character has a
-- moment of its own after that age, so that a guild that was read at once is spread over the next days. First come those
-- that have waited too long: their content would be erased next, or they were never asked for. Then those that are due
-- longest. More than `share` are given only where that many have waited too long. A time in the future counts as never.
with threshold as (
    select (extract(epoch from now() - make_interval(days => coalesce(
                (select (parameters ->> 'stale_after_days')::integer from guild_identity.rule_settings
                 where guild_id = %(guild_id)s and issue_type = 'stale_character'), %(default_days)s))) * 1000)::bigint as cutoff,
           (extract(epoch from %(near)s::interval) * 1000)::bigint as near
), known as (
    select c.id, c.realm_slug, c.character_name, c.blizzard_character_id,
           case when p.requested_at <= now() then p.requested_at end as requested_at,
           case when p.requested_at is null or p.requested_at > now() then c.first_seen <= now() - %(patience)s::interval
                else (c.item_level is not null or c.last_login_timestamp is not null)
                     and coalesce(case when p.fetched_at <= now() then p.fetched_at end, c.first_seen)
                         <= now() - %(urgent)s::interval
                end as is_urgent,
           case when p.gone_since is not null then %(pause)s::interval
                else (1 + (c.id * 0.618034) %% 1 / 2)::double precision
                     * case when c.last_login_timestamp between t.cutoff - t.near and t.cutoff + t.near then %(deciding)s::interval
                            when c.last_login_timestamp > t.cutoff then %(active)s::interval
                            else %(asleep)s::interval end
                end as age
    from guild_identity.wow_characters c
    cross join threshold t
    left join guild_identity.character_profiles p on p.guild_id = c.guild_id and p.character_id = c.id
    where c.guild_id = %(guild_id)s and c.removed_at is null
), due as (
    select * from known where requested_at is null or requested_at + age <= now()
), counted as (
    select count(*) as total, count(*) filter (where is_urgent) as urgent from due
)
select d.id, d.realm_slug, d.character_name, d.blizzard_character_id, n.total
from counted n
left join lateral (
    select * from due
    order by is_urgent desc, requested_at + age nulls first, id
    limit least(%(most)s, greatest(%(share)s, n.urgent))
) d on true

-- name: record
-- Write what asking for profiles came to, as of when the asking began. A character that was renamed or replaced since it
-- was asked for is left alone, and so is one that was asked for later; a time that lies in the future counts as never.
-- A shown profile replaces what the one before it said, values that cannot be (a login in the future, an item level out
-- of range) counting as unknown. A character said to be gone for the second time, at least `apart` after the first, is
-- erased to what the roster says; returned are those that lost something by it.
with moment as materialized (
    select least(%(began)s::timestamptz, clock_timestamp()) as began
), answers as (
    select * from unnest(%(ids)b::bigint[], %(realm_slugs)b::text[], %(names)b::text[], %(character_ids)b::bigint[],
                         %(states)b::text[], %(realm_names)b::text[], %(item_levels)b::bigint[],
                         %(last_logins)b::bigint[])
        as a (id, realm_slug, name, character_id, state, realm_name, item_level, last_login)
), answered as (
    select a.id, a.state, a.realm_name,
           case when a.item_level between 0 and 32767 then a.item_level end as item_level,
           case when a.last_login between 1 and (extract(epoch from now() + interval '1 day') * 1000)::bigint
                then a.last_login end as last_login,
           a.state = 'gone' and p.gone_since is not null and p.gone_since <= m.began - %(apart)s::interval as is_confirmed,
           m.began
    from answers a
    cross join moment m
    join guild_identity.wow_characters c
        on c.guild_id = %(guild_id)s and c.id = a.id and c.realm_slug = a.realm_slug and c.character_name = a.name
       and c.blizzard_character_id is not distinct from a.character_id
    left join guild_identity.character_profiles p on p.guild_id = %(guild_id)s and p.character_id = a.id
    where p.requested_at is null or p.requested_at <= m.began or p.requested_at > clock_timestamp()
), asked_before as (
    update guild_identity.character_profiles p
    set requested_at = a.began,
        fetched_at = case a.state when 'shown' then a.began else p.fetched_at end,
        gone_since = case a.state when 'gone' then least(p.gone_since, a.began) when 'failed' then p.gone_since end,
        gone_confirmed_at = case when a.is_confirmed then coalesce(p.gone_confirmed_at, a.began)
                                 when a.state = 'failed' then p.gone_confirmed_at end
    from answered a
    where p.guild_id = %(guild_id)s and p.character_id = a.id
), asked_first as (
    insert into guild_identity.character_profiles (character_id, guild_id, requested_at, fetched_at, gone_since)
    select id, %(guild_id)s, began, case when state = 'shown' then began end, case when state = 'gone' then began end
    from answered a
    where not exists (select from guild_identity.character_profiles p where p.guild_id = %(guild_id)s and p.character_id = a.id)
), written as (
    update guild_identity.wow_characters c
    set realm_name = coalesce(a.realm_name, c.realm_name), item_level = a.item_level,
        last_login_timestamp = a.last_login
    from answered a
    where c.guild_id = %(guild_id)s and c.id = a.id and a.state = 'shown'
      and (c.realm_name, c.item_level, c.last_login_timestamp)
          is distinct from (coalesce(a.realm_name, c.realm_name), a.item_level::smallint, a.last_login)
), erased as (
    update guild_identity.wow_characters c
    set item_level = null, last_login_timestamp = null
    from answered a
    where c.guild_id = %(guild_id)s and c.id = a.id and a.is_confirmed and (c.item_level is not null or c.last_login_timestamp is not null)
    returning c.id
)
select id from erased order by id

-- name: expire
-- Erase what profiles said that have not been read for `kept`. Where no reading is recorded, or one that lies in the
-- future, the age is counted from the character's first appearance. Characters that left the guild are not read any more,
-- and end here too.
update guild_identity.wow_characters c
set item_level = null, last_login_timestamp = null
where c.guild_id = %(guild_id)s
  and (c.item_level is not null or c.last_login_timestamp is not null)
  and coalesce((select p.fetched_at from guild_identity.character_profiles p
                where p.guild_id = c.guild_id and p.character_id = c.id and p.fetched_at <= now()), c.first_seen)
      <= now() - %(kept)s::interval
returning c.id, c.character_name
