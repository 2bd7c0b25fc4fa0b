-- name: enqueue_due
-- Enqueue all that is due of all guilds, and return it: uploads, full matches, jobs and news that wait, role changes that were
-- left half-done, and pipelines whose time has come. A pipeline's time has come when its regular moment (guilds are spread
-- over the interval) has passed since it last began, or 1, 2, 4 … minutes after it failed. A run that still runs does not count,
-- nor does a start in the future, which a wrong clock wrote. A job that runs enqueues its next one itself.
with schedules as (
    select * from unnest(%(tasks)s::text[], %(pipelines)s::text[], %(intervals)s::double precision[], %(need_server)s::boolean[])
        with ordinality as s (task, pipeline, seconds, needs_server, place)
), moments as (
    select g.id as guild_id, s.task, s.pipeline, s.place,
           to_timestamp(floor((extract(epoch from %(now)s::timestamptz)::double precision - o.offset_s) / s.seconds) * s.seconds
                        + o.offset_s) as slot
    from guild_identity.guilds g
    join schedules s on not s.needs_server or g.discord_guild_id is not null
    cross join lateral (
        select (g.id * %(spread)s::double precision - floor(g.id * %(spread)s::double precision)) * s.seconds as offset_s
    ) o
), pipelines_due as (
    select m.task, m.guild_id, m.place
    from moments m
    left join lateral (
        select r.started_at from guild_identity.sync_log r
        where r.guild_id = m.guild_id and r.pipeline = m.pipeline and r.started_at <= now()
        order by r.started_at desc
        limit 1
    ) latest on true
    left join lateral (
        select r.started_at from guild_identity.sync_log r
        where r.guild_id = m.guild_id and r.pipeline = m.pipeline and r.status in ('done', 'partial')
          and r.started_at between now() - interval '2 days' and now()
        order by r.started_at desc
        limit 1
    ) good on true
    left join lateral (
        select count(*) as times from guild_identity.sync_log r
        where r.guild_id = m.guild_id and r.pipeline = m.pipeline and r.status = 'failed'
          and r.started_at > coalesce(good.started_at, now() - interval '2 days') and r.started_at <= now()
    ) failed on latest.started_at >= m.slot
    where latest.started_at is null or latest.started_at < m.slot
       or failed.times > 0
          and %(now)s - latest.started_at >= make_interval(mins => (2 ^ least(failed.times - 1, 16))::integer)
), due as (
    select %(uploads)s::text as task, guild_id, 1 as place
    from (select distinct guild_id from guild_identity.addon_uploads where state = 'received') u
    union all
    select %(full_match)s, guild_id, 2 from guild_identity.match_requests where state = 'waiting'
    union all
    select %(jobs)s, guild_id, 3
    from (select distinct guild_id from guild_identity.work_requests where finished_at is null) w
    union all
    select %(recovery)s, guild_id, 4
    from (select distinct guild_id from guild_identity.fix_attempts where outcome = 'running' or undoing_at is not null) a
    where %(has_discord)s
    union all
    -- A pending announcement, or events that have had five minutes to settle.
    select %(digest)s, g.id, 5
    from guild_identity.guilds g
    where %(has_announcer)s and g.audit_channel_id is not null and (
        exists (select from guild_identity.announcements a
                where a.guild_id = g.id and a.is_pending
                  and (a.next_try_at <= now() or a.next_try_at > now() + interval '9 hours')
                  and (a.claimed_until is null or a.claimed_until < now()
                       or a.claimed_until > now() + interval '9 hours')
                  and (a.kind = 'digest' or a.created_at > now() - interval '1 day'))
        or exists (select from guild_identity.announcements a
                   where a.guild_id = g.id and a.is_in_doubt and a.closed_at is null)
        or exists (select from guild_identity.issue_events e
                   where e.guild_id = g.id and e.event in ('opened', 'recurred', 'reopened', 'resolved')
                     and e.at between now() - interval '7 days' and now() - interval '5 minutes'
                     and e.id > coalesce((select max(a.last_event) from guild_identity.announcements a
                                          where a.guild_id = g.id and a.kind = 'digest'), 0)))
    union all
    select task, guild_id, 5 + place from pipelines_due
), enqueued as (
    insert into jobs.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    select 'default', d.task, p.priority, 'guild ' || d.guild_id, d.task || ' ' || d.guild_id,
           jsonb_build_object('guild_id', d.guild_id)
    from due d
    join unnest(%(all_tasks)s::text[], %(priorities)s::integer[]) as p (task, priority) on p.task = d.task
    where not exists (select from jobs.procrastinate_jobs running
                      where running.lock = 'guild ' || d.guild_id and running.task_name = d.task and running.status = 'doing')
    order by p.priority desc, d.place, d.guild_id
    on conflict (queueing_lock) where status = 'todo' do nothing
)
select task, guild_id from due order by place, guild_id
