-- name: attempt
-- The newest attempt about one issue or its subject that changed something and stands.
select id, actor, is_automatic, outcome, reason, plan, started_at, duration_ms, undone_at, undone_by, true as is_undoable
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and changes <> '[]' and undone_at is null
  and (issue_id = %(issue_id)s or plan @> %(about)s)
order by id desc
limit 1

-- name: word
-- What an officer said last of an issue, if nothing but refreshing happened to it since.
select newest.id, newest.event, newest.actor, newest.at
from (select id, event, actor, at, before
      from guild_identity.issue_events
      where issue_id = %(issue_id)s and event <> 'refreshed'
      order by id desc
      limit 1) newest
where newest.before is not null

-- name: attempts_of_actor
-- All that somebody has last fixed or decided in one go, newest first.
select id, plan, started_at, issue_type
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and actor = %(actor)s and changes <> '[]' and undone_at is null
  and started_at = (select max(started_at) from guild_identity.fix_attempts
                    where guild_id = %(guild_id)s and actor = %(actor)s and changes <> '[]' and undone_at is null)
order by id desc

-- name: words_of_actor
-- All that somebody has last said of issues in one go; of an issue to which nothing but refreshing happened since.
select e.id, e.event, e.at, i.summary
from guild_identity.issue_events e
join guild_identity.audit_issues i on i.id = e.issue_id
where e.guild_id = %(guild_id)s and e.actor = %(actor)s and e.before is not null
  and e.at = (select max(at) from guild_identity.issue_events
              where guild_id = %(guild_id)s and actor = %(actor)s and before is not null)
  and not exists (select from guild_identity.issue_events l
                  where l.issue_id = e.issue_id and l.id > e.id and l.event <> 'refreshed')
order by e.id

-- name: setting_of_actor
select id, sentence, at
from guild_identity.setting_changes
where guild_id = %(guild_id)s and actor = %(actor)s and kind in ('rule', 'ranks', 'word', 'language')
order by id desc
limit 1
