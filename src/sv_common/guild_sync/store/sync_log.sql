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

-- name: recent
select id, guild_id, pipeline, actor, status, steps, error, started_at, finished_at
from guild_identity.sync_log
where guild_id = %(guild_id)s
order by started_at desc, id desc
limit %(limit)s
