-- Rows that are kept no longer, each kind as the rest of a statement: `cleaning.py` puts what they have in common around it. There,
-- `t` is the row and `g` its guild. What is open, and what a change that can still be undone needs, is never among them.

-- name: attempts
-- What an officer undid stays, because automation does not do it again, and so does the newest full match.
from guild_identity.fix_attempts t
where t.guild_id = g.id
  and t.started_at < (select guild_identity.kept_since(g.id, 'attempts'))
  and t.outcome <> 'running' and t.undoing_at is null
  and not (t.undone_at is not null and t.plan_key is not null)
  and (t.issue_type <> 'full_match'
       or exists (select from guild_identity.fix_attempts newer
                  where newer.guild_id = t.guild_id and newer.issue_type = 'full_match' and newer.id > t.id))
order by t.started_at, t.id

-- name: matches
-- Full matches that were asked for; the newest stays, and one whose attempt is there.
from guild_identity.match_requests t
where t.guild_id = g.id
  and t.state <> 'waiting' and t.attempt_id is null
  and t.finished_at < (select guild_identity.kept_since(g.id, 'attempts'))
  and exists (select from guild_identity.match_requests newer where newer.guild_id = t.guild_id and newer.id > t.id)
order by t.id

-- name: issues
-- Resolved ones that no change names any more. Their events go with them. A dismissed one stays for as long as the character or
-- member that it is about is known: should the issue come back, the dismissal still holds.
from guild_identity.audit_issues t
left join (select n.id from guild_identity.needed_for_undo n
           where n.guild_id = g.id and n.kind = 'issue') needed on needed.id = t.id
where t.guild_id = g.id
  and t.state = 'resolved' and needed.id is null
  and (t.dismissed_at is null or t.wow_character_id is null and t.discord_member_id is null)
  and t.resolved_at < (select guild_identity.kept_since(g.id, 'issues'))
  and not exists (select from guild_identity.fix_attempts a where a.guild_id = t.guild_id and a.issue_id = t.id)
  and not exists (select from guild_identity.issue_events e
                  where e.guild_id = t.guild_id and e.issue_id = t.id and e.before is not null
                    and e.at >= (select guild_identity.undoable_since(g.id)))
order by t.id

-- name: refreshes
-- That an issue was found to be a bit different; the newest event of each issue stays.
from guild_identity.issue_events t
where t.guild_id = g.id
  and t.event = 'refreshed' and t.at < (select guild_identity.kept_since(g.id, 'issues'))
  and exists (select from guild_identity.issue_events newer
              where newer.guild_id = t.guild_id and newer.issue_id = t.issue_id and newer.id > t.id)
order by t.at, t.id

-- name: events
-- Of resolved issues. All that happened to an open or a dismissed one stays, and the newest event of each.
from guild_identity.issue_events t
where t.guild_id = g.id
  and t.event <> 'refreshed' and t.at < (select guild_identity.kept_since(g.id, 'issues'))
  and exists (select from guild_identity.audit_issues i
              where i.guild_id = t.guild_id and i.id = t.issue_id and i.state = 'resolved' and i.dismissed_at is null)
  and exists (select from guild_identity.issue_events newer
              where newer.guild_id = t.guild_id and newer.issue_id = t.issue_id and newer.id > t.id)
  and not exists (select from guild_identity.issue_events undoing where undoing.undoes = t.id)
order by t.at, t.id

-- name: runs
-- The newest good run of each pipeline stays: it tells how fresh a source is. So does one that runs.
from guild_identity.sync_log t
where t.guild_id = g.id
  and t.status <> 'running' and t.started_at < (select guild_identity.kept_since(g.id, 'runs'))
  and exists (select from guild_identity.sync_log newer
              where newer.guild_id = t.guild_id and newer.pipeline = t.pipeline and newer.started_at > t.started_at
                and newer.status in ('done', 'partial'))
order by t.started_at, t.id

-- name: uploads
-- One that waits stays, and the newest of each key, which tells how fresh its data is.
from guild_identity.addon_uploads t
where t.guild_id = g.id
  and t.state <> 'received' and t.finished_at < (select guild_identity.kept_since(g.id, 'uploads'))
  and exists (select from guild_identity.addon_uploads newer
              where newer.guild_id = t.guild_id and newer.upload_key_id = t.upload_key_id and newer.id > t.id)
order by t.id

-- name: contents
-- The characters of uploads that were given up; nobody had them tried again.
from guild_identity.addon_uploads t
where t.guild_id = g.id
  and t.state = 'failed' and t.characters is not null and t.finished_at < (select guild_identity.kept_since(g.id, 'uploads'))
order by t.id

-- name: announcements
-- A digest that grows or is still to be sent stays, and the newest, after which the next one begins.
from guild_identity.announcements t
where t.guild_id = g.id
  and t.created_at < (select guild_identity.kept_since(g.id, 'announcements'))
  and (t.kind = 'summary'
       or t.closed_at is not null and not t.is_pending
          and exists (select from guild_identity.announcements newer
                      where newer.guild_id = t.guild_id and newer.kind = 'digest' and newer.last_event >= t.last_event
                        and newer.id > t.id))
order by t.id

-- name: characters
-- Those that left and have no player; with their profiles, former names and what was decided of them.
from guild_identity.wow_characters t
left join (select n.id from guild_identity.needed_for_undo n
           where n.guild_id = g.id and n.kind = 'character') needed on needed.id = t.id
where t.guild_id = g.id
  and t.removed_at < (select guild_identity.kept_since(g.id, 'departed')) and needed.id is null
  and not exists (select from guild_identity.player_characters l where l.guild_id = t.guild_id and l.character_id = t.id)
  and not exists (select from guild_identity.audit_issues i
                  where i.guild_id = t.guild_id and i.wow_character_id = t.id and i.resolved_at is null)
order by t.id

-- name: members
-- The same of Discord members.
from guild_identity.discord_users t
left join (select n.id from guild_identity.needed_for_undo n
           where n.guild_id = g.id and n.kind = 'member') needed on needed.id = t.id
where t.guild_id = g.id
  and not t.is_present and t.last_sync < (select guild_identity.kept_since(g.id, 'departed')) and needed.id is null
  and not exists (select from guild_identity.players p where p.guild_id = t.guild_id and p.discord_user_id = t.id)
  and not exists (select from guild_identity.audit_issues i
                  where i.guild_id = t.guild_id and i.discord_member_id = t.id and i.resolved_at is null)
order by t.id

-- name: former_names
-- Of characters and members that are still known.
from guild_identity.former_names t
where t.guild_id = g.id
  and t.until < (select guild_identity.kept_since(g.id, 'former_names'))
order by t.id

-- name: settings
-- The history of settings, but for a change that a younger one undid.
from guild_identity.setting_changes t
where t.guild_id = g.id
  and t.at < (select guild_identity.kept_since(g.id, 'settings'))
  and not exists (select from guild_identity.setting_changes undoing
                  where undoing.guild_id = t.guild_id and undoing.undoes = t.id)
order by t.id
