-- Each statement finds a batch of rows that are kept no longer, in one guild or, without its number, in all. What is open, and
-- what a change that can still be undone needs, is never among them. Rows that somebody else holds wait for the next time.

-- name: attempts
-- What an officer undid stays, because automation does not do it again, and so does the newest full match.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select a.guild_id, a.id
    from guild_identity.fix_attempts a
    where a.guild_id = g.id
      and a.started_at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'attempts'), guild_identity.days_kept(g.id, 'undo'))))
      and a.outcome <> 'running' and a.undoing_at is null
      and not (a.undone_at is not null and a.plan_key is not null)
      and (a.issue_type <> 'full_match'
           or exists (select from guild_identity.fix_attempts newer
                      where newer.guild_id = a.guild_id and newer.issue_type = 'full_match' and newer.id > a.id))
    order by a.started_at, a.id
    limit %(limit)s
    for update of a skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: matches
-- Full matches that were asked for; the newest stays, and one whose attempt is there.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select m.guild_id, m.id
    from guild_identity.match_requests m
    where m.guild_id = g.id
      and m.state <> 'waiting' and m.attempt_id is null
      and m.finished_at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'attempts'), guild_identity.days_kept(g.id, 'undo'))))
      and exists (select from guild_identity.match_requests newer where newer.guild_id = m.guild_id and newer.id > m.id)
    order by m.id
    limit %(limit)s
    for update of m skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: issues
-- Resolved ones that nobody has dismissed and that no change names any more. Their events go with them.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select i.guild_id, i.id
    from guild_identity.audit_issues i
    left join (select n.id from guild_identity.needed_for_undo n
               where n.guild_id = g.id and n.kind = 'issue') needed on needed.id = i.id
    where i.guild_id = g.id
      and i.state = 'resolved' and i.dismissed_at is null and needed.id is null
      and i.resolved_at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'issues'), guild_identity.days_kept(g.id, 'undo'))))
      and not exists (select from guild_identity.fix_attempts a where a.guild_id = i.guild_id and a.issue_id = i.id)
      and not exists (select from guild_identity.issue_events e
                      where e.guild_id = i.guild_id and e.issue_id = i.id and e.before is not null
                        and e.at >= (select guild_identity.undoable_since(g.id)))
    order by i.id
    limit %(limit)s
    for update of i skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: refreshes
-- That an issue was found to be a bit different; the newest event of each issue stays.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select e.guild_id, e.id
    from guild_identity.issue_events e
    where e.guild_id = g.id
      and e.event = 'refreshed' and e.at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'issues'), guild_identity.days_kept(g.id, 'undo'))))
      and exists (select from guild_identity.issue_events newer
                  where newer.guild_id = e.guild_id and newer.issue_id = e.issue_id and newer.id > e.id)
    order by e.at, e.id
    limit %(limit)s
    for update of e skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: events
-- Of resolved issues. All that happened to an open or a dismissed one stays, and the newest event of each.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select e.guild_id, e.id
    from guild_identity.issue_events e
    where e.guild_id = g.id
      and e.event <> 'refreshed' and e.at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'issues'), guild_identity.days_kept(g.id, 'undo'))))
      and exists (select from guild_identity.audit_issues i
                  where i.guild_id = e.guild_id and i.id = e.issue_id and i.state = 'resolved' and i.dismissed_at is null)
      and exists (select from guild_identity.issue_events newer
                  where newer.guild_id = e.guild_id and newer.issue_id = e.issue_id and newer.id > e.id)
      and not exists (select from guild_identity.issue_events undoing where undoing.undoes = e.id)
    order by e.at, e.id
    limit %(limit)s
    for update of e skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: runs
-- The newest good run of each pipeline stays: it tells how fresh a source is. So does one that runs.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select r.guild_id, r.id
    from guild_identity.sync_log r
    where r.guild_id = g.id
      and r.status <> 'running' and r.started_at < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'runs')))
      and exists (select from guild_identity.sync_log newer
                  where newer.guild_id = r.guild_id and newer.pipeline = r.pipeline and newer.started_at > r.started_at
                    and newer.status in ('done', 'partial'))
    order by r.started_at, r.id
    limit %(limit)s
    for update of r skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: uploads
-- One that waits stays, and the newest of each key, which tells how fresh its data is.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select u.guild_id, u.id
    from guild_identity.addon_uploads u
    where u.guild_id = g.id
      and u.state <> 'received' and u.finished_at < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'uploads')))
      and exists (select from guild_identity.addon_uploads newer
                  where newer.guild_id = u.guild_id and newer.upload_key_id = u.upload_key_id and newer.id > u.id)
    order by u.id
    limit %(limit)s
    for update of u skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: contents
-- The characters of uploads that were given up; nobody had them tried again.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select u.guild_id, u.id
    from guild_identity.addon_uploads u
    where u.guild_id = g.id
      and u.state = 'failed' and u.characters is not null and u.finished_at < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'uploads')))
    order by u.id
    limit %(limit)s
    for update of u skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: announcements
-- A digest that grows or is still to be sent stays, and the newest, after which the next one begins.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select a.guild_id, a.id
    from guild_identity.announcements a
    where a.guild_id = g.id
      and a.created_at < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'announcements')))
      and (a.kind = 'summary'
           or a.closed_at is not null and not a.is_pending
              and exists (select from guild_identity.announcements newer
                          where newer.guild_id = a.guild_id and newer.kind = 'digest' and newer.last_event >= a.last_event
                            and newer.id > a.id))
    order by a.id
    limit %(limit)s
    for update of a skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: characters
-- Those that left and belong to nobody; with their profiles, former names and what was decided of them.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select c.guild_id, c.id
    from guild_identity.wow_characters c
    left join (select n.id from guild_identity.needed_for_undo n
               where n.guild_id = g.id and n.kind = 'character') needed on needed.id = c.id
    where c.guild_id = g.id
      and c.removed_at < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'departed'))) and needed.id is null
      and not exists (select from guild_identity.player_characters l where l.guild_id = c.guild_id and l.character_id = c.id)
      and not exists (select from guild_identity.audit_issues i
                      where i.guild_id = c.guild_id and i.wow_character_id = c.id and i.resolved_at is null)
    order by c.id
    limit %(limit)s
    for update of c skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: members
-- The same of Discord members.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select d.guild_id, d.id
    from guild_identity.discord_users d
    left join (select n.id from guild_identity.needed_for_undo n
               where n.guild_id = g.id and n.kind = 'member') needed on needed.id = d.id
    where d.guild_id = g.id
      and not d.is_present and d.last_sync < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'departed'))) and needed.id is null
      and not exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id)
      and not exists (select from guild_identity.audit_issues i
                      where i.guild_id = d.guild_id and i.discord_member_id = d.id and i.resolved_at is null)
    order by d.id
    limit %(limit)s
    for update of d skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: former_names
-- Of characters and members that are still known.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select f.guild_id, f.id
    from guild_identity.former_names f
    where f.guild_id = g.id
      and f.until < (select now() - make_interval(days => guild_identity.days_kept(g.id, 'former_names')))
    order by f.id
    limit %(limit)s
    for update of f skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s

-- name: settings
-- The history of settings, but for a change that a younger one undid.
select found.guild_id, found.id
from guild_identity.guilds g
cross join lateral (
    select c.guild_id, c.id
    from guild_identity.setting_changes c
    where c.guild_id = g.id
      and c.at < (select now() - make_interval(days => greatest(guild_identity.days_kept(g.id, 'settings'), guild_identity.days_kept(g.id, 'undo'))))
      and not exists (select from guild_identity.setting_changes undoing
                      where undoing.guild_id = c.guild_id and undoing.undoes = c.id)
    order by c.id
    limit %(limit)s
    for update of c skip locked
) found
where %(guild_id)s::integer is null or g.id = %(guild_id)s
limit %(limit)s
