-- name: shares
-- Of a guild's characters and of its Discord members: how many count, and how those stand; and how many are left out, why.
-- Issues for information only are told apart: they say nothing against anybody's data.
with troubled as materialized (
    select wow_character_id, discord_member_id, player_id, severity <> 'info' as is_serious
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and state = 'open'
), characters as (
    select case when c.removed_at is not null then 'left' when p.gone_confirmed_at is not null then 'gone'
                when s.character_id is not null then 'shared' end as left_out,
           l.player_id is not null as is_linked,
           c.id in (select t.wow_character_id from troubled t where t.is_serious and t.wow_character_id is not null)
               as is_troubled,
           c.id in (select t.wow_character_id from troubled t where not t.is_serious and t.wow_character_id is not null)
               as is_noted
    from guild_identity.wow_characters c
    left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
    left join guild_identity.character_profiles p on p.guild_id = c.guild_id and p.character_id = c.id
    left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
    where c.guild_id = %(guild_id)s
), members as (
    select case when d.is_bot then 'bots' when not d.is_present then 'left' when p.id is null and not exists (
                    select from common.guild_ranks r
                    where r.guild_id = d.guild_id and r.discord_role_id = any(d.all_guild_roles)) then 'guests' end as left_out,
           p.id is not null as is_linked,
           d.id in (select t.discord_member_id from troubled t where t.is_serious and t.discord_member_id is not null)
             or coalesce(p.id in (select t.player_id from troubled t where t.is_serious and t.player_id is not null), false)
               as is_troubled,
           d.id in (select t.discord_member_id from troubled t where not t.is_serious and t.discord_member_id is not null)
             or coalesce(p.id in (select t.player_id from troubled t where not t.is_serious and t.player_id is not null), false)
               as is_noted
    from guild_identity.discord_users d
    left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
    where d.guild_id = %(guild_id)s
), everybody as (
    select 'characters' as kind, * from characters
    union all
    select 'members', * from members
)
select kind, left_out, count(*),
       count(*) filter (where not is_linked),
       count(*) filter (where is_linked and is_troubled),
       count(*) filter (where is_linked and not is_troubled and is_noted)
from everybody
group by kind, left_out

-- name: sources
-- When each source's data of a guild, or of every guild, is from, and why the last try since then failed, if one did. Notes
-- are as old as the newest export that brought any; the newest profile tells when profiles were last read.
-- A time that lies in the future was written by a clock that was wrong, and tells nothing.
with asked as (
    select id from guild_identity.guilds where id = %(guild_id)s::integer or %(guild_id)s::integer is null
), pipelines as (
    select g.id as guild_id, p.pipeline, good.id, good.at, failed.error
    from asked g
    cross join unnest(array['addon_upload', 'battlenet_sync', 'discord_sync']) as p (pipeline)
    left join lateral (
        select r.id, r.started_at, least(r.finished_at, r.as_of) as at from guild_identity.sync_log r
        where r.guild_id = g.id and r.pipeline = p.pipeline and r.status in ('done', 'partial')
          and r.started_at <= now()
        order by r.started_at desc
        limit 1
    ) good on true
    left join lateral (
        select r.error from guild_identity.sync_log r
        where r.guild_id = g.id and r.pipeline = p.pipeline and r.status = 'failed'
          and r.started_at > coalesce(good.started_at, '-infinity') and r.started_at <= now()
        order by r.started_at desc
        limit 1
    ) failed on true
)
select p.guild_id, p.pipeline,
       least(p.at, (select max(u.exported_at) from guild_identity.addon_uploads u where u.guild_id = p.guild_id and u.run_id = p.id)), p.error
from pipelines p
union all
select g.id, 'profiles', (select max(c.fetched_at) from guild_identity.character_profiles c
                          where c.guild_id = g.id and c.fetched_at <= now()), null
from asked g

-- name: fixed_automatically
-- Fixes that automation made since a moment, by rule, and how many of them were undone.
select issue_type, count(*), count(undone_at)
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and started_at >= %(since)s and is_automatic and outcome = 'fixed'
group by issue_type

-- name: trends
-- How many issues of each of these rules were open at the end of each day (UTC), the last day being today so far: what is
-- open now, less what the days after it changed. The first day is that of the first run or finding: before it nobody counted.
with clock as (
    select (now() at time zone 'UTC')::date as today,
           (least((select at from guild_identity.issue_events
                   where guild_id = %(guild_id)s and event <> 'refreshed' order by at limit 1),
                  (select started_at from guild_identity.sync_log where guild_id = %(guild_id)s order by started_at limit 1))
            at time zone 'UTC')::date as first
), days as (
    select today - ago as day
    from clock, generate_series(0, %(days)s) as ago
    where ago = 0 or today - ago >= first
), counted as (
    select issue_type, count(*) as open
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and state = 'open'
    group by issue_type
), changed as (
    select issue_type, (at at time zone 'UTC')::date as day, sum(open_change) as change
    from guild_identity.issue_events
    where guild_id = %(guild_id)s and event <> 'refreshed'
      and at >= ((now() at time zone 'UTC')::date - %(days)s)::timestamp at time zone 'UTC'
    group by issue_type, day
)
select r.issue_type, d.day,
       (coalesce(n.open, 0) - coalesce(sum(c.change) over (
           partition by r.issue_type order by d.day desc rows between unbounded preceding and 1 preceding), 0))::integer
from unnest(%(rules)s::text[]) with ordinality as r (issue_type, place)
cross join days d
left join counted n using (issue_type)
left join changed c on c.issue_type = r.issue_type and c.day = d.day
order by r.place, d.day
