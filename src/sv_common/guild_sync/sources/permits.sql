-- name: take
select lease_id, permits, wait_s, reason, spare
from common.take_permits(%(service)s, %(route)s, %(wanted)s, %(a_second)s, %(an_hour)s, %(most_refused)s)

-- name: give_back
select common.return_permits(%(lease)s, %(used)s, %(is_over)s, %(quota)s, %(remaining)s, %(resets_in)s, %(pause)s, %(everywhere)s,
                             %(refused)s)

-- name: clear_old
-- Forget what was requested longer ago than any limit reaches.
with routes as (
    delete from common.request_routes
    where seen_at < now() - interval '1 day' and coalesce(paused_until, seen_at) < now()
)
delete from common.request_counts where minute < now() - interval '2 hours'
