-- name: ask
-- Keep a wish for a full match; while one waits, it stands for the next as well.
-- Nothing is changed in one that waits: the update only gives its row, also when it was added at this very moment.
insert into guild_identity.match_requests as waiting (guild_id, actor, selected)
values (%(guild_id)s, %(actor)s, %(selected)s)
on conflict (guild_id) where state = 'waiting' do update set actor = waiting.actor
returning id, xmax = 0, selected is not distinct from %(selected)s::text[]

-- name: next
-- The try is counted before it begins, so that a match which ends the worker itself is given up one day.
update guild_identity.match_requests set attempts = attempts + 1
where guild_id = %(guild_id)s and state = 'waiting'
returning id, actor, attempts, selected

-- name: finish
update guild_identity.match_requests
set state = %(state)s, sentence = %(sentence)s, attempt_id = %(attempt_id)s, run_id = %(run_id)s, finished_at = now()
where guild_id = %(guild_id)s and id = %(request_id)s and state = 'waiting'

-- name: get
select id, guild_id, actor, requested_at, state, sentence, attempt_id, run_id, finished_at, selected
from guild_identity.match_requests
where guild_id = %(guild_id)s and id = %(request_id)s
