-- name: jobs
-- Jobs that wait or run, with the time of their last event. The tables are procrastinate's (3.10).
select j.id, j.task_name as task, g.id as guild_id, g.name as guild,
       case when j.status = 'doing' then 'running' else 'waiting' end as state,
       (select max(e.at) from jobs.procrastinate_events e where e.job_id = j.id) as since, j.attempts
from jobs.procrastinate_jobs j
left join guild_identity.guilds g on to_jsonb(g.id) = j.args -> 'guild_id'
where j.status in ('todo', 'doing') and (%(guild_id)s::integer is null or g.id = %(guild_id)s)
order by j.status = 'doing' desc, j.id
limit %(limit)s offset %(offset)s

-- name: count_jobs
select count(*)
from jobs.procrastinate_jobs
where status in ('todo', 'doing') and (%(guild_id)s::integer is null or args -> 'guild_id' = to_jsonb(%(guild_id)s::integer))

-- name: has_worker
-- Whether a worker has sent a heartbeat lately.
select exists (select from jobs.procrastinate_workers
               where last_heartbeat between now() - make_interval(secs => %(dead_after_s)s) and now() + interval '5 minutes')
