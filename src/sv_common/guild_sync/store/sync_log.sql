-- name: start
-- Whoever starts a run holds the guild's pipeline lock, so a run that is still logged as running was killed.
with killed as (
    update guild_identity.sync_log
    set status = 'failed', error = 'The run was interrupted; the next one does its work.', finished_at = now()
    where guild_id = %(guild_id)s and status = 'running'
)
insert into guild_identity.sync_log (guild_id, pipeline, actor, status)
values (%(guild_id)s, %(pipeline)s, %(actor)s, 'running')
returning id

-- name: finish
update guild_identity.sync_log
set status = %(status)s, steps = %(steps)s, error = %(error)s, finished_at = clock_timestamp()
where id = %(run_id)s

-- name: history
-- For each guild and pipeline: when it last began, and how often it failed since it last ended well.
select r.guild_id, r.pipeline, max(r.started_at),
       count(*) filter (where r.status = 'failed' and (good.last is null or r.started_at > good.last))
from guild_identity.sync_log r
left join lateral (
    select max(g.started_at) as last from guild_identity.sync_log g
    where g.guild_id = r.guild_id and g.pipeline = r.pipeline and g.status in ('done', 'partial')
) good on true
where r.started_at > now() - interval '2 days'
group by r.guild_id, r.pipeline, good.last

-- name: standings
-- For each pipeline of a guild that ever ran: when it last ended well, how often it failed since (within two days), and
-- what the latest of those failures said.
with good as (
    select pipeline, max(started_at) as started_at, max(finished_at) as finished_at
    from guild_identity.sync_log
    where guild_id = %(guild_id)s and status in ('done', 'partial')
    group by pipeline
), runs as (
    select r.pipeline, r.error, r.started_at, good.finished_at as last_good,
           r.status = 'failed' and r.started_at > now() - interval '2 days'
               and r.started_at > coalesce(good.started_at, '-infinity') as is_failure
    from guild_identity.sync_log r
    left join good on good.pipeline = r.pipeline
    where r.guild_id = %(guild_id)s
)
select pipeline, max(last_good), count(*) filter (where is_failure),
       (array_agg(error order by started_at desc) filter (where is_failure))[1]
from runs
group by pipeline

-- name: recent
select id, guild_id, pipeline, actor, status, steps, error, started_at, finished_at
from guild_identity.sync_log
where guild_id = %(guild_id)s
order by started_at desc, id desc
limit %(limit)s
