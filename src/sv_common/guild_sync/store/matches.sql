-- name: ask
-- Keep a wish for a full match; while one waits, it stands for the next as well.
with added as (
    insert into guild_identity.match_requests (guild_id, actor) values (%(guild_id)s, %(actor)s)
    on conflict (guild_id) where state = 'waiting' do nothing
    returning id
)
select id, true from added
union all
select id, false from guild_identity.match_requests
where guild_id = %(guild_id)s and state = 'waiting' and not exists (select from added)

-- name: next
-- The try is counted before it begins, so that a match which ends the worker itself is given up one day.
update guild_identity.match_requests set attempts = attempts + 1
where guild_id = %(guild_id)s and state = 'waiting'
returning id, actor, attempts

-- name: finish
update guild_identity.match_requests
set state = %(state)s, sentence = %(sentence)s, attempt_id = %(attempt_id)s, run_id = %(run_id)s, finished_at = now()
where id = %(request_id)s and state = 'waiting'

-- name: get
select id, guild_id, actor, asked_at, state, sentence, attempt_id, run_id, finished_at
from guild_identity.match_requests
where id = %(request_id)s and guild_id = %(guild_id)s

-- name: guilds_that_wait
select guild_id from guild_identity.match_requests where state = 'waiting' order by guild_id
