-- name: attempt
-- The newest attempt about one issue or its subject that changed something and stands.
select id, actor, is_automatic, outcome, reason, plan, started_at, duration_ms, undone_at, undone_by, undone_reason, true as is_undoable
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and changes <> '[]' and undone_at is null
  and started_at >= (select guild_identity.undoable_since(%(guild_id)s))
  and (issue_id = %(issue_id)s or plan @> %(about)s)
order by id desc
limit 1

-- name: word
-- What an officer said last of an issue, if nothing but refreshing happened to it since.
select newest.id, newest.event, newest.actor, newest.at
from (select id, event, actor, at, before
      from guild_identity.issue_events
      where guild_id = %(guild_id)s and issue_id = %(issue_id)s and event <> 'refreshed'
      order by id desc
      limit 1) newest
where newest.before is not null and newest.at >= (select guild_identity.undoable_since(%(guild_id)s))

-- name: attempts_of_actor
-- All that somebody has last fixed or decided in one go, newest first.
select id, plan, started_at, issue_type
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and actor = %(actor)s and changes <> '[]' and undone_at is null
  and started_at >= (select guild_identity.undoable_since(%(guild_id)s))
  and started_at = (select max(started_at) from guild_identity.fix_attempts
                    where guild_id = %(guild_id)s and actor = %(actor)s and changes <> '[]' and undone_at is null)
order by id desc

-- name: words_of_actor
-- All that somebody has last said of issues in one go; of an issue to which nothing but refreshing happened since. An undo is
-- no change of its own here, so that undoing twice leads further back.
with words as (
    select e.id, e.event, e.at, e.issue_id
    from guild_identity.issue_events e
    where e.guild_id = %(guild_id)s and e.actor = %(actor)s and e.before is not null and e.undoes is null
      and e.at >= (select guild_identity.undoable_since(%(guild_id)s))
      and not exists (select from guild_identity.issue_events l
                      where l.guild_id = e.guild_id and l.issue_id = e.issue_id and l.id > e.id and l.event <> 'refreshed')
)
select w.id, w.event, w.at, i.summary
from words w
join guild_identity.audit_issues i on i.guild_id = %(guild_id)s and i.id = w.issue_id
where w.at = (select max(at) from words)
order by w.id

-- name: setting_of_actor
select c.id, c.sentence, c.at
from guild_identity.setting_changes c
where c.guild_id = %(guild_id)s and c.actor = %(actor)s and c.kind in ('rule', 'ranks', 'word', 'language', 'retention') and c.undoes is null
  and c.at >= (select guild_identity.undoable_since(%(guild_id)s))
  and not exists (select from guild_identity.setting_changes u where u.guild_id = c.guild_id and u.undoes = c.id)
order by c.id desc
limit 1
