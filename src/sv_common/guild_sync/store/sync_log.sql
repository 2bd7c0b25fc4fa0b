-- name: start
insert into guild_identity.sync_log (guild_id, pipeline, actor, status)
values (%(guild_id)s, %(pipeline)s, %(actor)s, 'running')
returning id

-- name: finish
update guild_identity.sync_log
set status = %(status)s, steps = %(steps)s, error = %(error)s, finished_at = clock_timestamp()
where id = %(run_id)s

-- name: recent
select id, guild_id, pipeline, actor, status, steps, error, started_at, finished_at
from guild_identity.sync_log
where guild_id = %(guild_id)s
order by started_at desc, id desc
limit %(limit)s
