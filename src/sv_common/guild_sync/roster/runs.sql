-- name: now
select clock_timestamp()

-- name: fail_cut_off
-- The row is looked at again when the lock is held: a run may have ended meanwhile.
with running as materialized (
    select id, guild_id from guild_identity.sync_log where status = 'running'
), abandoned as materialized (
    select id from running where pg_try_advisory_xact_lock(%(pipeline_lock)s, guild_id)
)
update guild_identity.sync_log r
set status = 'failed', error = %(error)s, finished_at = now()
from abandoned a
where r.id = a.id and r.status = 'running'
returning r.guild_id

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
set status = %(status)s, steps = %(steps)s, error = %(error)s, as_of = %(as_of)s, finished_at = clock_timestamp()
where guild_id = %(guild_id)s and id = %(run_id)s and status = 'running'

-- name: standings
-- For each pipeline of a guild that ever ran: of when its last good news are, how often it failed since (within two days),
-- and what the latest of those failures said.
with good as (
    select pipeline, max(started_at) as started_at, max(least(finished_at, as_of)) as finished_at
    from guild_identity.sync_log
    where guild_id = %(guild_id)s and status in ('done', 'partial') and started_at <= now()
    group by pipeline
), runs as (
    select r.pipeline, r.error, r.started_at, good.finished_at as last_good,
           r.status = 'failed' and r.started_at between now() - interval '2 days' and now()
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
