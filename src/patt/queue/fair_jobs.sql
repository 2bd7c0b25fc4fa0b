-- name: fetch
-- Give the next job to a worker. Of each guild only its first job may run, and none while another one of it runs: the most
-- urgent, and of these the oldest. Among the guilds the most urgent goes first, and of these the guild whose last turn or
-- whose job is the oldest. A guild that an officer waits for goes before uploads and not before an upload, or before what
-- another officer waits for, that waited when the guild had its last turn already.
with most_urgent as materialized (
    select case when j.priority between %(upload)s and %(officer)s then %(upload)s else j.priority end as least, j.priority as most
    from jobs.procrastinate_jobs j
    where j.status = 'todo' and (j.scheduled_at is null or j.scheduled_at <= now())
      and not exists (select from jobs.procrastinate_jobs running where running.lock = j.lock and running.status = 'doing')
    order by j.priority desc, j.id
    limit 1
), waiting as (
    select j.id, coalesce(j.lock, 'job ' || j.id) as lock, j.priority, t.turn,
           min(j.id) filter (where j.priority between %(upload)s and %(officer)s)
               over (partition by coalesce(j.lock, 'job ' || j.id)) as oldest_awaited
    from most_urgent u
    join jobs.procrastinate_jobs j on j.priority between u.least and u.most
    left join jobs.turns t on t.lock = j.lock
    where j.status = 'todo' and (j.scheduled_at is null or j.scheduled_at <= now())
), longest as (  -- the two guilds that wait longest: each guild has another one among them
    select lock, oldest_awaited from waiting where oldest_awaited is not null
    group by lock, oldest_awaited order by oldest_awaited limit 2
), heads as (
    select distinct on (w.lock) w.id, w.lock, w.priority, w.turn, w.oldest_awaited,
           w.priority = %(officer)s
               and exists (select from longest l where l.lock <> w.lock and l.oldest_awaited < w.turn) as has_had_its_turn
    from waiting w
    where not exists (select from jobs.procrastinate_jobs running where running.lock = w.lock and running.status = 'doing')
    order by w.lock, w.priority desc, w.id
), placed as (
    select id, case when has_had_its_turn then %(upload)s else priority end as priority,
           greatest(case when has_had_its_turn then oldest_awaited else id end, turn) as place
    from heads
), candidate as (
    select j.id
    from placed p
    join jobs.procrastinate_jobs j on j.id = p.id
    where j.status = 'todo'
    order by p.priority desc, p.place
    limit 1
    for update of j skip locked
)
update jobs.procrastinate_jobs j
set status = 'doing', worker_id = %(worker_id)s
from candidate
where j.id = candidate.id
returning j.id, j.status, j.task_name, j.priority, j.lock, j.queueing_lock, j.args, j.scheduled_at, j.queue_name, j.attempts,
          j.worker_id

-- name: finish
-- End a job. Its guild has had its turn: whatever waits now goes first. Workers are told that the guild is free again.
with turned as (
    insert into jobs.turns as t (lock, turn)
    select %(lock)s::text, nextval('jobs.procrastinate_jobs_id_seq') where %(lock)s::text is not null
    on conflict (lock) do update set turn = excluded.turn
)
select jobs.procrastinate_finish_job_v1(%(job_id)s::bigint, %(status)s::jobs.procrastinate_job_status, %(delete_job)s::boolean),
       case when exists (select from jobs.procrastinate_jobs j where j.lock = %(lock)s::text and j.status = 'todo')
            then pg_notify('procrastinate_any_queue_v1',
                           json_build_object('type', 'job_inserted', 'job_id', %(job_id)s::bigint)::text) end

-- name: enqueue
-- Where a job of the kind waits for the guild already, it stands for this one, and is as urgent as the more urgent of them.
insert into jobs.procrastinate_jobs as waiting (queue_name, task_name, priority, lock, queueing_lock, args)
values ('default', %(task)s, %(priority)s, %(lock)s, %(queueing_lock)s, jsonb_build_object('guild_id', %(guild_id)s::integer))
on conflict (queueing_lock) where status = 'todo' do update set priority = excluded.priority
    where waiting.priority < excluded.priority
returning xmax = 0 as is_new

-- name: correct_heartbeats
update jobs.procrastinate_workers set last_heartbeat = now() where last_heartbeat > now() + interval '5 minutes'

-- name: correct_starts
update jobs.procrastinate_jobs set scheduled_at = null where status = 'todo' and scheduled_at > now() + interval '5 minutes'
