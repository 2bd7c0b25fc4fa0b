-- name: rules
-- For each rule of a guild: open, waiting, dismissed, resolved lately, fixed by itself lately, and when it last moved.
with counted as (
    select issue_type,
           count(*) filter (where dismissed_at is null) as open,
           count(*) filter (where dismissed_at is null and waiting_reason is not null) as waiting,
           count(*) filter (where dismissed_at is not null) as dismissed
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and resolved_at is null
    group by issue_type
), moved as (
    select i.issue_type,
           count(*) filter (where e.event = 'resolved' and e.at > now() - interval '30 days') as resolved,
           count(*) filter (where e.event in ('opened', 'reopened')) as opened,
           count(*) filter (where e.event = 'resolved') as resolved_ever,
           max(e.at) filter (where e.event in ('opened', 'reopened')) as last_triggered
    from guild_identity.issue_events e
    join guild_identity.audit_issues i on i.id = e.issue_id
    where e.guild_id = %(guild_id)s and e.event in ('opened', 'reopened', 'resolved')
    group by i.issue_type
), fixed as (
    select issue_type, count(*) as auto_fixed
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and is_automatic and outcome = 'fixed'
    group by issue_type
)
select issue_type, coalesce(c.open, 0), coalesce(c.waiting, 0), coalesce(c.dismissed, 0), coalesce(m.resolved, 0),
       coalesce(m.opened, 0), coalesce(m.resolved_ever, 0), coalesce(f.auto_fixed, 0), m.last_triggered
from counted c
full join moved m using (issue_type)
full join fixed f using (issue_type)

-- name: findings
-- Findings, newest first; by state and rule where asked for, and how many there are in all.
select id, guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, discord_member_id, player_id,
       waiting_reason, created_at, opened_at, resolved_at, resolved_by,
       dismissed_at, dismissed_by, dismissed_reason, dismissed_until
from guild_identity.audit_issues
where guild_id = %(guild_id)s
  and (%(issue_type)s::text is null or issue_type = %(issue_type)s)
  and (%(state)s::text is null
       or %(state)s = 'open' and resolved_at is null and dismissed_at is null
       or %(state)s = 'dismissed' and resolved_at is null and dismissed_at is not null
       or %(state)s = 'resolved' and resolved_at is not null)
order by opened_at desc, id desc
limit %(limit)s offset %(offset)s

-- name: count_findings
select count(*)
from guild_identity.audit_issues
where guild_id = %(guild_id)s
  and (%(issue_type)s::text is null or issue_type = %(issue_type)s)
  and (%(state)s::text is null
       or %(state)s = 'open' and resolved_at is null and dismissed_at is null
       or %(state)s = 'dismissed' and resolved_at is null and dismissed_at is not null
       or %(state)s = 'resolved' and resolved_at is not null)

-- name: attempts
select id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, started_at, duration_ms, undone_at, undone_by,
       changes <> '[]' and undone_at is null as is_undoable
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and (%(issue_id)s::bigint is null or issue_id = %(issue_id)s)
order by id desc
limit %(limit)s
