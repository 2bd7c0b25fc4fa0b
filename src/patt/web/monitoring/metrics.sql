-- name: findings
-- How many findings each guild has, by rule and state.
select guild_id, issue_type,
       case when resolved_at is not null then 'resolved' when dismissed_at is not null then 'dismissed' else 'open' end,
       count(*)
from guild_identity.audit_issues
group by 1, 2, 3

-- name: fixes
-- How fixes ended, by rule, and by whether automation or a person made them; with those that were forgotten.
select guild_id, issue_type, outcome, is_automatic, sum(attempts)::bigint
from (
    select guild_id, issue_type, outcome, is_automatic, 1 as attempts
    from guild_identity.fix_attempts
    where outcome <> 'running'
    union all
    select guild_id, issue_type, outcome, is_automatic, attempts from guild_identity.forgotten_attempts
) a
group by guild_id, issue_type, outcome, is_automatic

-- name: scans
-- For each guild: seconds since a pipeline last ended well, for each looks for issues at its end; null without one.
select g.id, extract(epoch from now() - max(good.at))::double precision
from guild_identity.guilds g
cross join unnest(array['battlenet_sync', 'discord_sync', 'addon_upload', 'sweep', 'full_match']) as p (pipeline)
left join lateral (
    select least(r.finished_at, r.as_of) as at from guild_identity.sync_log r
    where r.guild_id = g.id and r.pipeline = p.pipeline and r.status in ('done', 'partial')
      and r.started_at <= now()
    order by r.started_at desc
    limit 1
) good on true
group by g.id

-- name: jobs
-- Of each kind of job: how many wait, how many run, and for how many seconds the oldest has waited.
select j.task_name, count(*) filter (where j.status = 'todo'), count(*) filter (where j.status = 'doing'),
       coalesce(extract(epoch from now() - min(e.at) filter (where j.status = 'todo')), 0)::double precision
from jobs.procrastinate_jobs j
left join jobs.procrastinate_events e on e.job_id = j.id and e.type = 'deferred'
where j.status in ('todo', 'doing') and coalesce(j.scheduled_at, now()) <= now()
group by j.task_name

-- name: uploads
-- For each guild: uploads that wait to be taken in.
select g.id, count(u.id)
from guild_identity.guilds g
left join guild_identity.addon_uploads u on u.guild_id = g.id and u.state = 'received'
group by g.id

-- name: workers
-- Workers that are alive.
select count(*) from jobs.procrastinate_workers
where last_heartbeat between now() - make_interval(secs => %(dead_after_s)s) and now() + interval '5 minutes'

-- name: budgets
-- For each guild: how many characters are in it, and what it has set about its rules.
select g.id,
       (select count(*) from guild_identity.wow_characters c where c.guild_id = g.id and c.removed_at is null),
       coalesce((select jsonb_object_agg(s.issue_type, jsonb_build_object(
                            'runs', s.is_enabled, 'mends', s.auto_mitigate, 'parameters', s.parameters))
                 from guild_identity.rule_settings s where s.guild_id = g.id), '{}')
from guild_identity.guilds g

-- name: requests_left
-- What all processes together may still request of a service within the hour; permits are counted as take_permits counts them.
select greatest(0, %(an_hour)s - coalesce(sum(permitted), 0))::integer
from common.request_counts
where service = %(service)s and minute > now() - interval '63 minutes'
