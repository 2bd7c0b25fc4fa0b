-- name: add
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, plan_key, changes, duration_ms)
select %(guild_id)s, issue_id, %(issue_type)s, %(actor)s, %(is_automatic)s, outcome, reason, plan, plan_key, changes,
       %(duration_ms)s
from unnest(%(issue_ids)b::bigint[], %(outcomes)b::text[], %(reasons)b::text[], %(plans)b::jsonb[],
            %(plan_keys)b::text[], %(changes)b::jsonb[])
    with ordinality as n (issue_id, outcome, reason, plan, plan_key, changes, place)
order by place
returning id

-- name: get
select id, guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, plan_key, changes, started_at,
       duration_ms, undone_at, undone_by
from guild_identity.fix_attempts
where id = %(attempt_id)s and (%(guild_id)s::integer is null or guild_id = %(guild_id)s)
for update

-- name: later
-- Later attempts that changed one of these rows and were not undone, newest first.
select id, guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, plan_key, changes, started_at,
       duration_ms, undone_at, undone_by
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and id > %(after)s and undone_at is null and changes @> any (%(rows)s)
order by id desc
limit %(limit)s

-- name: fixed_since
-- The fixes of these issues that somebody has made since a moment and that still stand, the newest of each issue.
select distinct on (issue_id) issue_id, id, reason
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and actor = %(actor)s and started_at >= %(since)s and outcome = 'fixed'
  and undone_at is null and issue_id = any (%(issue_ids)s)
order by issue_id, id desc

-- name: mark_undone
update guild_identity.fix_attempts set undone_at = now(), undone_by = %(actor)s where id = %(attempt_id)s

-- name: add_changes
update guild_identity.fix_attempts set changes = changes || %(changes)s where id = %(attempt_id)s

-- name: undone
-- Plans that a person has undone: who did, and when.
select plan_key, undone_by, max(undone_at)
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and undone_at is not null and plan_key = any (%(plan_keys)s)
group by plan_key, undone_by
