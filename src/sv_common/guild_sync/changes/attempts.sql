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
select id, guild_id, issue_id, issue_type, actor, outcome, reason, plan, changes, started_at, undone_at, undone_by,
       intended, undoing_at, undoing_by, undone_changes,
       started_at < guild_identity.undoable_since(guild_id) as is_too_late
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and id = %(attempt_id)s
for update

-- name: get_all
select id, guild_id, issue_id, issue_type, actor, outcome, reason, plan, changes, started_at, undone_at, undone_by,
       intended, undoing_at, undoing_by, undone_changes,
       started_at < guild_identity.undoable_since(guild_id) as is_too_late
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and id = any (%(attempt_ids)s)
order by id desc
for update

-- name: guild_of
select guild_id from guild_identity.fix_attempts where id = %(attempt_id)s

-- name: later
-- Later attempts that were not undone and whose journal has one of these traces, newest first.
select id, guild_id, issue_id, issue_type, actor, outcome, reason, plan, changes, started_at, undone_at, undone_by,
       intended, undoing_at, undoing_by, undone_changes,
       started_at < guild_identity.undoable_since(guild_id) as is_too_late
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and id > %(after)s and undone_at is null and changes @> any (%(traces)s)
order by id desc
limit %(limit)s

-- name: fixed_since
-- The fixes of these issues that somebody has made since a moment and that still stand, the newest of each issue.
select distinct on (issue_id) issue_id, id, reason
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and actor = %(actor)s and started_at >= %(since)s and outcome = 'fixed'
  and undone_at is null and issue_id = any (%(issue_ids)s)
order by issue_id, id desc

-- name: begin
-- What is about to be done on Discord, written down before.
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, plan_key, intended, duration_ms)
values (%(guild_id)s, %(issue_id)s, %(issue_type)s, %(actor)s, %(is_automatic)s, 'running', %(reason)s, %(plan)s,
        %(plan_key)s, %(intended)s, 0)
returning id

-- name: finish
update guild_identity.fix_attempts
set outcome = %(outcome)s, reason = %(reason)s, changes = %(changes)s,
    duration_ms = greatest(0, (extract(epoch from clock_timestamp() - started_at) * 1000)::integer)
where guild_id = %(guild_id)s and id = %(attempt_id)s

-- name: guilds_with_unfinished
select distinct guild_id from guild_identity.fix_attempts
where outcome = 'running' or undoing_at is not null
order by guild_id

-- name: unfinished
-- Attempts on Discord, and undos of such, that were begun and not finished: by somebody who is at it, or who died.
select id, guild_id, issue_id, issue_type, actor, outcome, reason, plan, changes, started_at, undone_at, undone_by,
       intended, undoing_at, undoing_by, undone_changes,
       started_at < guild_identity.undoable_since(guild_id) as is_too_late
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and (outcome = 'running' or undoing_at is not null)
order by id

-- name: mark_undoing
update guild_identity.fix_attempts set undoing_at = now(), undoing_by = %(actor)s where guild_id = %(guild_id)s and id = %(attempt_id)s

-- name: stop_undoing
update guild_identity.fix_attempts
set undoing_at = null, undoing_by = null, changes = changes || %(changes)s
where guild_id = %(guild_id)s and id = %(attempt_id)s

-- name: mark_undone
update guild_identity.fix_attempts
set undone_at = now(), undone_by = %(actor)s, undone_reason = coalesce(%(reason)s::text, undone_reason), undoing_at = null, undoing_by = null
where guild_id = %(guild_id)s and id = any (%(attempt_ids)s)

-- name: mark_undone_in_part
-- What was put back leaves the journal of what is still to be undone.
update guild_identity.fix_attempts a
set changes = n.left_rows, undone_changes = a.undone_changes || n.undone, partly_undone_at = now(),
    partly_undone_by = %(actor)s, undone_reason = coalesce(%(reason)s::text, a.undone_reason)
from unnest(%(attempt_ids)b::bigint[], %(undone)b::jsonb[], %(left)b::jsonb[]) as n (id, undone, left_rows)
where a.guild_id = %(guild_id)s and a.id = n.id

-- name: undone
-- Plans that a person has undone: who did, and when.
select plan_key, undone_by, max(undone_at)
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and undone_at is not null and plan_key = any (%(plan_keys)s)
group by plan_key, undone_by

-- name: names
-- What the rows of a journal are called now.
select 'character', c.id, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug)
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
union all
select 'player', p.id, p.display_name
from guild_identity.players p
where p.guild_id = %(guild_id)s and p.id = any (%(player_ids)s)
union all
select 'member', d.id, d.display_name
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and d.id = any (%(member_ids)s)
