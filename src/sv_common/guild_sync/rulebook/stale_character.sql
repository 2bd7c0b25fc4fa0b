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
), told as (
    -- Each character beside the first active one of its player: the first by name, so that the answer is the same every time.
    -- In one pass: without statistics, as in a new guild, PostgreSQL would compare everyone with everyone.
    select c.id, c.guild_id, c.character_name, coalesce(c.realm_name, c.realm_slug) as realm, c.last_login_timestamp,
           c.last_login_timestamp < t.cutoff as is_asleep, t.today, l.player_id,
           first_value(c.id) over mine as active_id, first_value(c.character_name) over mine as active_name,
           first_value(c.last_login_timestamp >= t.cutoff) over mine as has_active
    from guild_identity.wow_characters c
    join threshold t on t.guild_id = c.guild_id
    left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
    where c.guild_id = %(guild_id)s and c.removed_at is null
      and (%(among)s::bigint[] is null or c.id = any (%(among)s::bigint[])
           or l.player_id in (select o.player_id from guild_identity.player_characters o
                              where o.guild_id = %(guild_id)s and o.character_id = any (%(among)s::bigint[])))
    window mine as (partition by l.player_id order by c.last_login_timestamp >= t.cutoff desc nulls last, c.name_key, c.id)
)
select told.id, told.guild_id, told.character_name, told.realm, told.last_login_timestamp, p.id, p.display_name,
       case when p.id is not null and told.has_active then told.active_id end,
       case when p.id is not null and told.has_active then told.active_name end
from told
left join guild_identity.players p on p.guild_id = told.guild_id and p.id = told.player_id
where told.is_asleep and (%(among)s::bigint[] is null or told.id = any (%(among)s::bigint[]))
  and not exists (select from guild_identity.shared_characters s where s.guild_id = told.guild_id and s.character_id = told.id)
  and not exists (select from guild_identity.hiatuses h
                  where h.guild_id = told.guild_id and h.player_id = told.player_id and (h.until is null or h.until > told.today))
order by told.id
