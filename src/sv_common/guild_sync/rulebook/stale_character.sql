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
), asleep as materialized (
    select c.id, c.guild_id, c.character_name, coalesce(c.realm_name, c.realm_slug) as realm, c.last_login_timestamp,
           t.today, t.cutoff, l.player_id
    from guild_identity.wow_characters c
    join threshold t on t.guild_id = c.guild_id
    left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
    where c.guild_id = %(guild_id)s and c.removed_at is null and c.last_login_timestamp < t.cutoff
      and (%(among)s::bigint[] is null or c.id = any (%(among)s::bigint[]))
)
select told.id, told.guild_id, told.character_name, told.realm, told.last_login_timestamp, p.id, p.display_name,
       active.id, active.character_name
from asleep told
left join guild_identity.players p on p.guild_id = told.guild_id and p.id = told.player_id
left join lateral (
    -- The first active one of the player by name, so that the answer is the same every time. Looked up by keys, so that no
    -- plan compares all with all, also without statistics, as in a new guild.
    select c.id, c.character_name
    from guild_identity.player_characters l
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id
    where l.guild_id = told.guild_id and l.player_id = told.player_id and c.removed_at is null
      and c.last_login_timestamp >= told.cutoff
    order by c.name_key, c.id
    limit 1
) active on true
where not exists (select from guild_identity.shared_characters s where s.guild_id = told.guild_id and s.character_id = told.id)
  and not exists (select from guild_identity.hiatuses h
                  where h.guild_id = told.guild_id and h.player_id = told.player_id and (h.until is null or h.until > told.today))
order by told.id
