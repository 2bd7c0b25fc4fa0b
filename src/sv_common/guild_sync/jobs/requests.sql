-- name: ask
-- Keep a wish; while an equal one waits, it stands for this one as well.
-- Nothing is changed in one that waits: the update only gives its row, also when it was added at this very moment.
insert into guild_identity.work_requests as waiting (guild_id, kind, arguments, actor)
values (%(guild_id)s, %(kind)s, %(arguments)s, %(actor)s)
on conflict (guild_id, kind, md5(arguments::text)) where state = 'waiting' do update set actor = waiting.actor
returning id, xmax = 0

-- name: next
-- The oldest that is not done, of those that may be tried by now. The try is counted before it begins, so that work which ends
-- the worker is given up one day. A failure that lies in the future counts as never.
update guild_identity.work_requests
set state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, now())
where id = (select min(id) from guild_identity.work_requests
            where guild_id = %(guild_id)s and finished_at is null
              and (failed_at is null or failed_at > now() or failed_at <= now() - interval '1 minute'))
returning *

-- name: is_any_waiting
select exists (select from guild_identity.work_requests
               where guild_id = %(guild_id)s and finished_at is null
                 and (failed_at is null or failed_at > now() or failed_at <= now() - interval '1 minute'))

-- name: begin_fix
update guild_identity.work_requests set issue_ids = %(issue_ids)s where guild_id = %(guild_id)s and id = %(request_id)s

-- name: keep_portion
update guild_identity.work_requests
set results = results || %(results)s, attempts = attempts - 1, failed_at = null,
    done = jsonb_array_length(results || %(results)s), total = jsonb_array_length(results || %(results)s) + %(left)s
where id = %(request_id)s and attempts = %(attempts)s and state = 'running'

-- name: put_off
update guild_identity.work_requests set failed_at = now(), done = 0, total = 0, doing = %(reason)s
where id = %(request_id)s and attempts = %(attempts)s and state = 'running'

-- name: report
-- A try that was taken over by another worker says nothing more.
update guild_identity.work_requests set done = %(done)s, total = %(total)s, doing = %(doing)s
where guild_id = %(guild_id)s and id = %(request_id)s and attempts = %(attempts)s and state = 'running'
  and (done, total, doing) is distinct from (%(done)s, %(total)s, %(doing)s)

-- name: finish
update guild_identity.work_requests
set state = %(state)s, sentence = %(sentence)s, result = %(result)s, finished_at = now(), doing = null,
    done = case when %(state)s = 'done' then total else done end
where guild_id = %(guild_id)s and id = %(request_id)s and finished_at is null

-- name: by_number
select * from guild_identity.work_requests
where guild_id = %(guild_id)s and id between %(first)s and %(last)s
order by id

-- name: under_way
select * from guild_identity.work_requests
where guild_id = %(guild_id)s and finished_at is null
order by id

-- name: count
select count(*) from guild_identity.work_requests where guild_id = %(guild_id)s

-- name: newest
select * from guild_identity.work_requests
where guild_id = %(guild_id)s
order by id desc
limit %(limit)s offset %(offset)s

-- name: give_up_old
update guild_identity.work_requests
set state = 'failed', finished_at = now(), doing = null, sentence = %(sentence)s
where finished_at is null and requested_at < now() - interval '1 day'

-- name: forget_old
delete from guild_identity.work_requests where finished_at < now() - interval '1 day'
