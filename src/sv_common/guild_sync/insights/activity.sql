-- name: match_runs
-- Full matches of a guild, also those that were done from the command line and so never asked for.
with requests as (
    select id, attempt_id, actor, requested_at, finished_at, state, sentence, cardinality(selected) as selected
    from guild_identity.match_requests
    where guild_id = %(guild_id)s
), attempts as (
    select id, actor, started_at, reason, undone_at, undone_by, changes <> '[]' and undone_at is null
             and started_at >= (select guild_identity.undoable_since(%(guild_id)s)) as is_undoable
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and issue_type = 'full_match'
)
select r.id as request_id, a.id as attempt_id, coalesce(r.actor, a.actor) as actor,
       coalesce(r.requested_at, a.started_at) as requested_at,
       case when r.id is null then a.started_at else r.finished_at end as finished_at,
       coalesce(r.state, 'done') as state, coalesce(r.sentence, a.reason) as sentence, r.selected,
       a.undone_at, a.undone_by, coalesce(a.is_undoable, false) as is_undoable
from requests r
full join attempts a on a.id = r.attempt_id
order by r.state is not distinct from 'waiting' desc, 4 desc, r.id desc, a.id desc
limit %(limit)s offset %(offset)s

-- name: count_match_runs
select (select count(*) from guild_identity.match_requests where guild_id = %(guild_id)s)
     + (select count(*) from guild_identity.fix_attempts a
        where a.guild_id = %(guild_id)s and a.issue_type = 'full_match'
          and not exists (select from guild_identity.match_requests r where r.guild_id = a.guild_id and r.attempt_id = a.id))

-- name: was_matched
select exists (select from guild_identity.match_requests where guild_id = %(guild_id)s)
    or exists (select from guild_identity.fix_attempts where guild_id = %(guild_id)s and issue_type = 'full_match')

-- name: sync_runs
select id, guild_id, pipeline, actor, status, steps, error, started_at, finished_at
from guild_identity.sync_log
where guild_id = %(guild_id)s
  and (%(pipeline)s::text is null or pipeline = %(pipeline)s)
  and (%(status)s::text is null or status = %(status)s)
  and (%(since)s::timestamptz is null or started_at >= %(since)s)
order by started_at desc, id desc
limit %(limit)s offset %(offset)s

-- name: count_sync_runs
select count(*)
from guild_identity.sync_log
where guild_id = %(guild_id)s
  and (%(pipeline)s::text is null or pipeline = %(pipeline)s)
  and (%(status)s::text is null or status = %(status)s)
  and (%(since)s::timestamptz is null or started_at >= %(since)s)

-- name: actions
-- Who did what, newest first. What scans do to issues (opened, refreshed, resolved) does not belong here, nor
-- are keys and tokens, of which only administrators know.
with actions as (
    select started_at as at, actor, is_automatic, outcome as what, reason, issue_type, issue_id, id as attempt_id,
           changes <> '[]' and undone_at is null
             and started_at >= (select guild_identity.undoable_since(%(guild_id)s)) as is_undoable, null as undone, null as why
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s
    union all
    select undone_at, undone_by, false, 'undone', reason, issue_type, issue_id, id, false, 'whole', undone_reason
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and undone_at is not null
    union all
    select partly_undone_at, partly_undone_by, false, 'undone', reason, issue_type, issue_id, id, false, 'part', undone_reason
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and partly_undone_at is not null
    union all
    select at, actor, false, event, reason, null, issue_id, null, false, null, null
    from guild_identity.issue_events
    where guild_id = %(guild_id)s and event in ('dismissed', 'reopened')
    union all
    select requested_at, actor, false, 'requested', sentence, 'full_match', null, null, false, null, null
    from guild_identity.match_requests
    where guild_id = %(guild_id)s
    union all
    select at, actor, false, 'set', sentence, 'settings', null, null, false, null, null
    from guild_identity.setting_changes
    where guild_id = %(guild_id)s and kind in ('rule', 'ranks', 'word', 'language', 'retention')
    union all
    select at, actor, false, 'erased', null, 'erasure', null, null, false, null, null
    from guild_identity.erasures
    where guild_id = %(guild_id)s
)
select d.at, d.actor, d.is_automatic, d.what, i.summary as subject, d.reason,
       coalesce(d.issue_type, i.issue_type) as issue_type, d.issue_id, d.attempt_id, d.is_undoable, d.undone, d.why
from actions d
left join guild_identity.audit_issues i on i.guild_id = %(guild_id)s and i.id = d.issue_id
where (%(actor)s::text is null or d.actor = %(actor)s)
  and (%(since)s::timestamptz is null or d.at >= %(since)s)
order by d.at desc, d.attempt_id desc nulls last, d.issue_id desc, d.what
limit %(limit)s offset %(offset)s

-- name: count_actions
select count(*)
from (
    select started_at as at, actor from guild_identity.fix_attempts where guild_id = %(guild_id)s
    union all
    select undone_at, undone_by from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and undone_at is not null
    union all
    select partly_undone_at, partly_undone_by from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and partly_undone_at is not null
    union all
    select at, actor from guild_identity.issue_events
    where guild_id = %(guild_id)s and event in ('dismissed', 'reopened')
    union all
    select requested_at, actor from guild_identity.match_requests where guild_id = %(guild_id)s
    union all
    select at, actor from guild_identity.setting_changes
    where guild_id = %(guild_id)s and kind in ('rule', 'ranks', 'word', 'language', 'retention')
    union all
    select at, actor from guild_identity.erasures where guild_id = %(guild_id)s
) d
where (%(actor)s::text is null or d.actor = %(actor)s)
  and (%(since)s::timestamptz is null or d.at >= %(since)s)

-- name: actors
select actor from guild_identity.fix_attempts where guild_id = %(guild_id)s
union
select undone_by from guild_identity.fix_attempts where guild_id = %(guild_id)s and undone_by is not null
union
select partly_undone_by from guild_identity.fix_attempts
where guild_id = %(guild_id)s and partly_undone_by is not null
union
select actor from guild_identity.issue_events where guild_id = %(guild_id)s and event in ('dismissed', 'reopened')
union
select actor from guild_identity.match_requests where guild_id = %(guild_id)s
union
select actor from guild_identity.setting_changes
where guild_id = %(guild_id)s and kind in ('rule', 'ranks', 'word', 'language', 'retention')
union
select actor from guild_identity.erasures where guild_id = %(guild_id)s
order by 1
