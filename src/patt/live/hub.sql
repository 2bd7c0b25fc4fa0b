-- name: listen
-- The channel of the triggers at the end of schema.sql.
listen patt_live

-- name: issue_events
-- Who changed the state of how many issues, in a range of events. A fix is known by the reason that the engine keeps for it,
-- in English in every guild; what an officer resolved, whatever its reason is, has kept what it replaced.
select e.actor,
       case when e.event = 'resolved' and e.before is null and e.reason = 'Fixed by ' || e.actor || '.' then 'fixed'
            else e.event end as what,
       count(*) as count
from guild_identity.issue_events e
where e.guild_id = %(guild_id)s and e.id between %(first)s and %(last)s
group by 1, 2
order by min(e.id)

-- name: attempts
-- What was done besides fixing issues, in a range of attempts: officers' decisions, full matches, and what was undone.
select coalesce(undone_by, partly_undone_by, actor) as actor,
       case when undone_at is not null or partly_undone_at is not null then 'undone' when issue_type = 'full_match' then 'matched' else 'decided' end as what,
       count(*) as count
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and id between %(first)s and %(last)s
  and (undone_at is not null or (issue_id is null and changes <> '[]'))
group by 1, 2
order by min(id)

-- name: settings
-- Who changed how many settings, in a range of changes.
select actor, 'set' as what, count(*) as count
from guild_identity.setting_changes
where guild_id = %(guild_id)s and id between %(first)s and %(last)s
group by 1
order by min(id)
