-- name: news
-- Which findings the log does not say already, by their hashes; and null once, if it has an open issue that was not found.
-- That is asked by `except`, since `not exists` within `exists` may be planned to compare all with all.
with found as (
    select * from unnest(%(hashes)b::text[], %(keys)b::text[]) as f (issue_hash, finding_key)
)
select f.issue_hash
from found f
left join guild_identity.audit_issues i
    on i.guild_id = %(guild_id)s and i.issue_hash = f.issue_hash and i.finding_key = f.finding_key
       and i.resolved_at is null and (i.dismissed_at is null or i.dismissed_material = i.material)
where i.id is null
union all
select null
where exists (
    select i.issue_hash from guild_identity.audit_issues i
    where i.guild_id = %(guild_id)s and i.issue_type = any (%(rules)b) and i.resolved_at is null
      and (not i.issue_type = any (%(partly)b::text[]) or i.issue_hash in (select unnest(%(examined)b::text[])))
    except
    select issue_hash from found)

-- name: reconcile
-- Make the audit log say what detectors have just found: open what is new, reopen what came back, refresh what is
-- known, and resolve what is no longer found: of all subjects, of a rule that looked at a part (`partly`) of those that it `examined`, or of none. What
-- the log says already is not among the findings but in `unchanged`. Each row moves at most once, so the parts of the statement never meet on a row. An issue under dismissal is refreshed and stays dismissed, unless what the
-- dismissal rests on is no longer the same: then it is open again, and the move says what changed.
with rules as (
    select * from unnest(%(rules)b::text[], %(severities)b::text[]) as r (issue_type, severity)
), found as (
    select f.*, r.severity
    from unnest(%(issue_types)b::text[], %(hashes)b::text[], %(summaries)b::text[], %(details)b::jsonb[],
                %(characters)b::bigint[], %(members)b::bigint[], %(players)b::bigint[], %(materials)b::jsonb[],
                %(keys)b::text[])
        with ordinality
        as f (issue_type, issue_hash, summary, details, wow_character_id, discord_member_id, player_id, material,
              finding_key, place)
    join rules r using (issue_type)
), met as (
    -- Each finding with its issue, where it has one, and what a dismissal no longer covers: the parts that it and the finding
    -- have in common, where a value differs. Each issue is looked up by its key, so that no plan compares all with all.
    select found.*, known.id, known.was_resolved, known.reason
    from found
    left join lateral (
        select i.id, i.resolved_at is not null as was_resolved, u.reason
        from guild_identity.audit_issues i
        left join lateral (
            select format(%(uncovered)s::text,
                          string_agg(part.value ->> 'at', %(joined)s::text order by (part.value ->> 'place')::integer),
                          string_agg(found.material -> part.key ->> 'now', %(joined)s::text
                                     order by (part.value ->> 'place')::integer)) as reason
            from jsonb_each(i.dismissed_material) part
            where i.dismissed_at is not null and found.material ? part.key
              and part.value -> 'value' is distinct from found.material -> part.key -> 'value'
            having count(*) > 0
        ) u on true
        where i.guild_id = %(guild_id)s and i.issue_hash = found.issue_hash
    ) known on true
), opened as (
    insert into guild_identity.audit_issues
        (guild_id, issue_type, severity, summary, details, material, finding_key, issue_hash,
         wow_character_id, discord_member_id, player_id)
    select %(guild_id)s, issue_type, severity, summary, details, material, finding_key, issue_hash,
           wow_character_id, discord_member_id, player_id
    from met
    where id is null
    order by place
    returning id, issue_type
), recurred as (
    update guild_identity.audit_issues i
    set resolved_at = null, resolved_by = null, opened_at = now(), notified_at = null, review_reason = null,
        severity = met.severity, summary = met.summary, details = met.details, material = met.material,
        finding_key = met.finding_key,
        dismissed_at = case when met.reason is null then i.dismissed_at end,
        dismissed_by = case when met.reason is null then i.dismissed_by end,
        dismissed_reason = case when met.reason is null then i.dismissed_reason end,
        dismissed_until = case when met.reason is null then i.dismissed_until end,
        dismissed_material = case when met.reason is null then i.dismissed_material end
    from met
    where i.guild_id = %(guild_id)s and i.id = met.id and (met.was_resolved or met.reason is not null)
    returning i.id, i.issue_type, i.dismissed_at, met.reason
), refreshed as (
    update guild_identity.audit_issues i
    set severity = met.severity, summary = met.summary, details = met.details, material = met.material,
        finding_key = met.finding_key,
        review_reason = case when i.details is distinct from met.details then null else i.review_reason end
    from met
    where i.guild_id = %(guild_id)s and i.id = met.id and not met.was_resolved and met.reason is null
      and (i.severity, i.summary, i.details, i.material)
          is distinct from (met.severity, met.summary, met.details, met.material)
    returning i.id, i.issue_type
), resolved as (
    update guild_identity.audit_issues i
    set resolved_at = now(), review_reason = null,
        resolved_by = case when exists (select from guild_identity.wow_characters c
                                        where c.guild_id = %(guild_id)s and c.id = i.wow_character_id and c.removed_at is not null)
                             or exists (select from guild_identity.discord_users d
                                        where d.guild_id = %(guild_id)s and d.id = i.discord_member_id and not d.is_present)
                           then 'subject gone' else 'detection' end
    where %(is_complete)s and i.guild_id = %(guild_id)s and i.issue_type = any (%(rules)b) and i.resolved_at is null
      and (not i.issue_type = any (%(partly)b::text[]) or i.issue_hash in (select unnest(%(examined)b::text[])))
      and i.issue_hash not in (select unnest(%(hashes)b::text[])) and i.issue_hash not in (select unnest(%(unchanged)b::text[]))
    returning i.id, i.issue_type, i.resolved_by, i.dismissed_at
), moves as (
    select id, issue_type, 'opened' as event, 1 as open_change, null as reason from opened
    union all select id, issue_type, 'recurred', (dismissed_at is null)::integer, reason from recurred
    union all select id, issue_type, 'refreshed', 0, null from refreshed
    union all select id, issue_type, 'resolved', -(dismissed_at is null)::integer,
                     case resolved_by when 'subject gone' then 'The character or member has left.'
                                      else 'No longer found.' end
              from resolved
), logged as (
    insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason)
    select %(guild_id)s, id, issue_type, event, open_change, %(actor)s, reason from moves order by id
)
select issue_type, event, count(*) from moves group by issue_type, event

-- name: reopen_due
-- Open again what was dismissed until a time that has come.
with reopened as (
    update guild_identity.audit_issues
    set dismissed_at = null, dismissed_by = null, dismissed_reason = null, dismissed_until = null,
        dismissed_material = null
    where guild_id = %(guild_id)s and issue_type = any(%(issue_types)s)
      and dismissed_until <= coalesce(%(now)s::timestamptz, now())
    returning id, issue_type, resolved_at
), logged as (
    insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason)
    select %(guild_id)s, id, issue_type, 'reopened', (resolved_at is null)::integer, 'clock', 'The dismissal has ended.'
    from reopened
)
select issue_type from reopened

-- name: reopen
-- End dismissals; issues that are not dismissed are not touched.
with known as (
    select id, jsonb_build_object('dismissed_at', dismissed_at, 'dismissed_by', dismissed_by, 'dismissed_reason', dismissed_reason,
                              'dismissed_until', dismissed_until, 'dismissed_material', dismissed_material,
                              'resolved_at', resolved_at, 'resolved_by', resolved_by) as before
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and id = any(%(issue_ids)s) and dismissed_at is not null
    for update
), reopened as (
    update guild_identity.audit_issues i
    set dismissed_at = null, dismissed_by = null, dismissed_reason = null, dismissed_until = null,
        dismissed_material = null
    from known
    where i.id = known.id
    returning i.id, i.guild_id, i.issue_type, i.resolved_at, known.before
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason, before)
select guild_id, id, issue_type, 'reopened', (resolved_at is null)::integer, %(actor)s, %(reason)s, before
from reopened
order by id

-- name: dismiss
-- Dismiss issues; resolved ones are not touched. One that is dismissed already gets the new reason.
with known as (
    select id, dismissed_at is null as was_open,
           jsonb_build_object('dismissed_at', dismissed_at, 'dismissed_by', dismissed_by, 'dismissed_reason', dismissed_reason,
                              'dismissed_until', dismissed_until, 'dismissed_material', dismissed_material,
                              'resolved_at', resolved_at, 'resolved_by', resolved_by) as before
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and id = any(%(issue_ids)s) and resolved_at is null
    for update
), dismissed as (
    update guild_identity.audit_issues i
    set dismissed_at = now(), dismissed_by = %(actor)s, dismissed_reason = %(reason)s,
        dismissed_until = %(until)s, dismissed_material = i.material, review_reason = null
    from known
    where i.id = known.id
    returning i.id, i.guild_id, i.issue_type, known.was_open, known.before
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason, before)
select guild_id, id, issue_type, 'dismissed', -was_open::integer, %(actor)s,
       %(told)s, before
from dismissed
order by id

-- name: resolve
-- Close issues that a fix, or an officer, has dealt with. Only an officer's own word can be undone as such.
with known as (
    select id, jsonb_build_object('dismissed_at', dismissed_at, 'dismissed_by', dismissed_by, 'dismissed_reason', dismissed_reason,
                              'dismissed_until', dismissed_until, 'dismissed_material', dismissed_material,
                              'resolved_at', resolved_at, 'resolved_by', resolved_by) as before
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and id = any(%(issue_ids)s) and resolved_at is null
    for update
), resolved as (
    update guild_identity.audit_issues i
    set resolved_at = now(), resolved_by = %(resolved_by)s, review_reason = null
    from known
    where i.id = known.id
    returning i.id, i.guild_id, i.issue_type, i.dismissed_at, known.before
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason, before)
select guild_id, id, issue_type, 'resolved', -(dismissed_at is null)::integer, %(resolved_by)s, %(reason)s,
       case when %(is_manual)s then before end
from resolved
order by id

-- name: said
-- The newest word about each of these issues, if it can be undone.
select max(id) from guild_identity.issue_events
where guild_id = %(guild_id)s and issue_id = any(%(issue_ids)s) and event <> 'refreshed'
group by issue_id
having (array_agg(before order by id desc))[1] is not null and max(at) >= (select guild_identity.undoable_since(%(guild_id)s))
order by 1

-- name: words
-- Officers' words by their events, each with the last thing that happened to its issue since, refreshing apart.
select e.id, e.issue_id, e.issue_type, e.event, e.before is not null as is_undoable,
       e.at < (select guild_identity.undoable_since(%(guild_id)s)) as is_too_late, later.event as later_event,
       later.actor as later_actor, later.at as later_at
from guild_identity.issue_events e
left join lateral (
    select l.event, l.actor, l.at
    from guild_identity.issue_events l
    where l.guild_id = e.guild_id and l.issue_id = e.issue_id and l.id > e.id and l.event <> 'refreshed'
    order by l.id desc
    limit 1
) later on true
where e.guild_id = %(guild_id)s and e.id = any(%(event_ids)s)
order by e.id

-- name: undo_words
-- Put back what officers' words have replaced. Each undo is such a word, too.
with words as (
    select e.id as event_id, e.before, i.id, i.state, i.dismissed_at,
           jsonb_build_object('dismissed_at', i.dismissed_at, 'dismissed_by', i.dismissed_by,
                              'dismissed_reason', i.dismissed_reason, 'dismissed_until', i.dismissed_until,
                              'dismissed_material', i.dismissed_material,
                              'resolved_at', i.resolved_at, 'resolved_by', i.resolved_by) as replaced
    from guild_identity.issue_events e
    join guild_identity.audit_issues i on i.guild_id = e.guild_id and i.id = e.issue_id
    where e.guild_id = %(guild_id)s and e.id = any(%(event_ids)s)
    for update of i
), put_back as (
    update guild_identity.audit_issues i
    set dismissed_at = (w.before ->> 'dismissed_at')::timestamptz, dismissed_by = w.before ->> 'dismissed_by',
        dismissed_reason = w.before ->> 'dismissed_reason', dismissed_until = (w.before ->> 'dismissed_until')::timestamptz,
        dismissed_material = nullif(w.before -> 'dismissed_material', 'null'),
        resolved_at = (w.before ->> 'resolved_at')::timestamptz, resolved_by = w.before ->> 'resolved_by'
    from words w
    where i.id = w.id
    returning i.id, i.guild_id, i.issue_type, i.state, i.dismissed_at, w.state as state_before,
              w.dismissed_at as dismissed_before, w.replaced, w.event_id
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason, before, undoes)
select guild_id, id, issue_type,
       case when state = 'resolved' and state_before <> 'resolved' then 'resolved'
            when dismissed_at is distinct from dismissed_before and dismissed_at is not null then 'dismissed'
            else 'reopened' end,
       (state = 'open')::integer - (state_before = 'open')::integer, %(actor)s, 'Undone.', replaced, event_id
from put_back
order by id
returning id

-- name: save_review_reasons
-- Note why automation leaves issues to an officer; rows that say it already are not touched.
update guild_identity.audit_issues i
set review_reason = w.reason
from unnest(%(issue_ids)b::bigint[], %(reasons)b::text[]) as w (id, reason)
where i.guild_id = %(guild_id)s and i.id = w.id and i.resolved_at is null and i.review_reason is distinct from w.reason

-- name: get
select id, guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, discord_member_id, player_id,
       review_reason, created_at, opened_at, resolved_at, resolved_by,
       dismissed_at, dismissed_by, dismissed_reason, dismissed_until
from guild_identity.audit_issues
where guild_id = %(guild_id)s and id = any(%(issue_ids)s)
order by id

-- name: guild_of
select guild_id from guild_identity.audit_issues where id = %(issue_id)s

-- name: guild_of_event
select guild_id from guild_identity.issue_events where id = %(event_id)s

-- name: open_of_rule
-- Open and not dismissed, oldest first.
select id, guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, discord_member_id, player_id,
       review_reason, created_at, opened_at, resolved_at, resolved_by,
       dismissed_at, dismissed_by, dismissed_reason, dismissed_until
from guild_identity.audit_issues
where guild_id = %(guild_id)s and issue_type = %(issue_type)s and resolved_at is null and dismissed_at is null
order by id

-- name: is_any_open
-- Whether one of the same is of one of these rules.
select exists (
    select from guild_identity.audit_issues
    where guild_id = %(guild_id)s and issue_type = any (%(issue_types)s) and resolved_at is null and dismissed_at is null)

-- name: events
select event, actor, reason, at
from guild_identity.issue_events
where guild_id = %(guild_id)s and issue_id = %(issue_id)s
order by id

-- name: point_again
-- Where what made the player was undone too, there is still no player to point to.
update guild_identity.audit_issues i
set player_id = w.player_id
from unnest(%(issue_ids)b::bigint[], %(player_ids)b::bigint[]) as w (id, player_id)
join guild_identity.players p on p.guild_id = %(guild_id)s and p.id = w.player_id
where i.guild_id = %(guild_id)s and i.id = w.id and i.player_id is null

-- name: mark_as_notified
-- Only where the last opening is among what was told: one that opened again since then is told of next time.
update guild_identity.audit_issues i
set notified_at = now()
where i.guild_id = %(guild_id)s and i.resolved_at is null and i.notified_at is null
  and exists (select from guild_identity.issue_events e
              where e.guild_id = i.guild_id and e.issue_id = i.id and e.event in ('opened', 'recurred', 'reopened')
              having max(e.id) between %(first)s and %(last)s)

-- name: forget
-- Take a detail that may no longer be kept out of one rule's issues of some characters, resolved ones included, and out
-- of their summaries.
update guild_identity.audit_issues
set summary = %(summary)s, details = details - %(detail)s::text, finding_key = null
where guild_id = %(guild_id)s and issue_type = %(issue_type)s and wow_character_id = any (%(character_ids)s)
  and details ? %(detail)s::text

-- name: about_players
select id from guild_identity.audit_issues
where guild_id = %(guild_id)s and player_id = any (%(player_ids)s) and resolved_at is null
order by id
