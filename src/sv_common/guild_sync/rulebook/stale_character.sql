-- name: find
-- Characters in the guild whose last login is longer ago than the guild's threshold. A login that was never seen is
-- unknown, not long ago. Of a bank or shared character it says nothing about anybody, and of a player on hiatus an officer
-- has said why.
with threshold as (
    select g.id as guild_id, (coalesce(%(now)s::timestamptz, now()) at time zone 'UTC')::date as today,
           (extract(epoch from coalesce(%(now)s::timestamptz, now())) * 1000)::bigint
             - coalesce((s.parameters ->> 'stale_after_days')::integer, %(default_days)s) * 86400000::bigint as cutoff
    from guild_identity.guilds g
    left join guild_identity.rule_settings s on s.guild_id = g.id and s.issue_type = 'stale_character'
    where g.id = %(guild_id)s
), asleep as (
    select c.id, c.guild_id, c.character_name, coalesce(c.realm_name, c.realm_slug) as realm, c.last_login_timestamp,
           l.player_id
    from guild_identity.wow_characters c
    join threshold t on t.guild_id = c.guild_id and c.last_login_timestamp < t.cutoff
    left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
    where c.guild_id = %(guild_id)s and c.removed_at is null
      and (%(among)s::bigint[] is null or c.id = any (%(among)s::bigint[]))
      and not exists (select from guild_identity.shared_characters s where s.guild_id = c.guild_id and s.character_id = c.id)
      and not exists (select from guild_identity.hiatuses h
                      where h.guild_id = l.guild_id and h.player_id = l.player_id and (h.until is null or h.until > t.today))
), active as (
    -- For each of their players one character that is not asleep: the first by name, so that the answer is the same every time.
    select distinct on (l.player_id) l.player_id, a.id, a.character_name
    from guild_identity.player_characters l
    join guild_identity.wow_characters a on a.guild_id = l.guild_id and a.id = l.character_id and a.removed_at is null
    join threshold t on t.guild_id = a.guild_id and a.last_login_timestamp >= t.cutoff
    where l.guild_id = %(guild_id)s and l.player_id in (select player_id from asleep)
    order by l.player_id, a.name_key, a.id
)
select asleep.id, asleep.guild_id, asleep.character_name, asleep.realm, asleep.last_login_timestamp,
       p.id, p.display_name, active.id, active.character_name
from asleep
left join guild_identity.players p on p.guild_id = asleep.guild_id and p.id = asleep.player_id
left join active on active.player_id = asleep.player_id
order by asleep.id
