-- name: rules
-- For each of these rules in a guild: open, waiting, dismissed; how it moved in the last 30 days; how its fixes ended in
-- the last 90; and when it last found something. Reads what is open or recent, however long the history.
with counted as (
    select issue_type,
           count(*) filter (where dismissed_at is null) as open,
           count(*) filter (where dismissed_at is null and review_reason is not null) as waiting,
           count(*) filter (where dismissed_at is not null) as dismissed
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s and resolved_at is null
    group by issue_type
), moved as (
    select issue_type,
           count(*) filter (where event = 'resolved') as resolved,
           count(*) filter (where event in ('opened', 'recurred')) as found,
           count(*) filter (where event in ('opened', 'recurred') and at > now() - interval '7 days') as found_in_a_week,
           count(*) filter (where event = 'recurred') as recurred
    from guild_identity.issue_events
    where guild_id = %(guild_id)s and at > now() - interval '30 days' and event <> 'refreshed'
    group by issue_type
), tried as (
    select issue_type,
           count(*) filter (where outcome = 'fixed') as fixed,
           count(*) filter (where outcome = 'failed') as failed,
           count(*) filter (where outcome = 'unverified') as unverified,
           count(*) filter (where outcome = 'refused') as refused,
           count(*) filter (where undone_at is not null) as undone
    from guild_identity.fix_attempts
    where guild_id = %(guild_id)s and started_at > now() - interval '90 days'
    group by issue_type
)
select r.issue_type, coalesce(c.open, 0), coalesce(c.waiting, 0), coalesce(c.dismissed, 0), coalesce(m.resolved, 0),
       coalesce(m.found, 0), coalesce(m.found_in_a_week, 0), coalesce(m.recurred, 0),
       coalesce(t.fixed, 0), coalesce(t.failed, 0), coalesce(t.unverified, 0), coalesce(t.refused, 0), coalesce(t.undone, 0),
       greatest(
           (select max(e.at) from guild_identity.issue_events e
            where e.guild_id = %(guild_id)s and e.issue_type = r.issue_type and e.event = 'opened'),
           (select max(e.at) from guild_identity.issue_events e
            where e.guild_id = %(guild_id)s and e.issue_type = r.issue_type and e.event = 'recurred'))
from unnest(%(rules)s::text[]) as r (issue_type)
left join counted c using (issue_type)
left join moved m using (issue_type)
left join tried t using (issue_type)

-- name: totals
-- For each rule of a guild: opened, resolved and fixed automatically since the beginning.
select r.issue_type,
       (select count(*) from guild_identity.issue_events e
        where e.guild_id = %(guild_id)s and e.issue_type = r.issue_type and e.event in ('opened', 'recurred')),
       (select count(*) from guild_identity.issue_events e
        where e.guild_id = %(guild_id)s and e.issue_type = r.issue_type and e.event = 'resolved'),
       (select count(*) from guild_identity.fix_attempts a
        where a.guild_id = %(guild_id)s and a.issue_type = r.issue_type and a.is_automatic and a.outcome = 'fixed')
from unnest(%(rules)s::text[]) as r (issue_type)

-- name: subjects_named
-- The characters, Discord members and players whose names or notes hold the words.
select array(
           select c.id from guild_identity.wow_characters c
           left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
           left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
           where c.guild_id = %(guild_id)s and strpos(guild_identity.search_key(
               concat_ws(' ', c.character_name || '-' || c.realm_slug, c.guild_note, p.display_name)), words.key) > 0
       ) as characters,
       array(
           select d.id from guild_identity.discord_users d
           left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
           where d.guild_id = %(guild_id)s and strpos(guild_identity.search_key(
               concat_ws(' ', d.display_name, d.username, d.global_name, p.display_name)), words.key) > 0
       ) as members,
       array(
           select p.id from guild_identity.players p
           left join guild_identity.discord_users d on d.guild_id = p.guild_id and d.id = p.discord_user_id
           where p.guild_id = %(guild_id)s and strpos(guild_identity.search_key(
               concat_ws(' ', p.display_name, d.display_name, d.username, d.global_name)), words.key) > 0
       ) as players
from (select guild_identity.search_key(%(text)s::text) as key) words

-- name: findings
-- Findings of some states, newest first, by rule, severity and words of the summary, or of the name or note of the subject,
-- where asked for. Which ones is decided by an index alone, state by state, so that a rare rule or word is found
-- without reading the rows of all others. With `quiet_last`, those of no weight come last: the details say so.
with chosen as (
    select found.id, found.is_last
    from unnest(%(states)s::text[]) as s (state)
    cross join lateral (
        select i.id, i.opened_at, %(quiet_last)s::boolean and coalesce((i.details ->> 'quiet')::boolean, false) as is_last
        from guild_identity.audit_issues i
        where i.guild_id = %(guild_id)s and i.state = s.state
          and (%(issue_type)s::text is null or i.issue_type = %(issue_type)s)
          and (%(severity)s::text is null or i.severity = %(severity)s)
          and (%(text)s::text is null or strpos(i.search_text, guild_identity.search_key(%(text)s::text)) > 0
               or i.wow_character_id = any(%(characters)s::bigint[]) or i.discord_member_id = any(%(members)s::bigint[])
               or i.player_id = any(%(players)s::bigint[]))
        order by %(quiet_last)s::boolean and coalesce((i.details ->> 'quiet')::boolean, false), i.opened_at desc, i.id desc
        limit %(limit)s::bigint + %(offset)s::bigint
    ) found
    order by found.is_last, found.opened_at desc, found.id desc
    limit %(limit)s offset %(offset)s
)
select i.id, i.guild_id, i.issue_type, i.severity, i.summary, i.details, i.issue_hash, i.wow_character_id,
       i.discord_member_id, i.player_id, i.review_reason, i.created_at, i.opened_at, i.resolved_at, i.resolved_by,
       i.dismissed_at, i.dismissed_by, i.dismissed_reason, i.dismissed_until
from chosen
join guild_identity.audit_issues i using (id)
order by chosen.is_last, i.opened_at desc, i.id desc

-- name: count_findings
-- How many findings there are by states and words, of each rule and severity.
select issue_type, severity, count(*)
from guild_identity.audit_issues i
where i.guild_id = %(guild_id)s and state = any(%(states)s::text[])
  and (%(text)s::text is null or strpos(i.search_text, guild_identity.search_key(%(text)s::text)) > 0
       or i.wow_character_id = any(%(characters)s::bigint[]) or i.discord_member_id = any(%(members)s::bigint[])
       or i.player_id = any(%(players)s::bigint[]))
group by issue_type, severity
order by issue_type, severity

-- name: count_dismissals
select count(*)
from guild_identity.audit_issues i
cross join lateral (
    select case when i.resolved_by = 'subject gone' or c.removed_at is not null or not d.is_present then 'left'
                when i.resolved_at is not null then 'resolved'
                when i.issue_type <> all(%(enabled)s::text[]) then 'off'
                when i.dismissed_until <= now() then 'due' end as idle
    from (values (0)) one (row)
    left join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
    left join guild_identity.discord_users d on d.guild_id = i.guild_id and d.id = i.discord_member_id
) why
where i.guild_id = %(guild_id)s and i.dismissed_at is not null and (not %(only_idle)s or why.idle is not null)

-- name: dismissals
-- Dismissals, newest first, and why one no longer hides anything, where it does not.
select i.id, i.guild_id, i.issue_type, i.severity, i.summary, i.details, i.issue_hash, i.wow_character_id,
       i.discord_member_id, i.player_id, i.review_reason, i.created_at, i.opened_at, i.resolved_at, i.resolved_by,
       i.dismissed_at, i.dismissed_by, i.dismissed_reason, i.dismissed_until, why.idle
from guild_identity.audit_issues i
cross join lateral (
    select case when i.resolved_by = 'subject gone' or c.removed_at is not null or not d.is_present then 'left'
                when i.resolved_at is not null then 'resolved'
                when i.issue_type <> all(%(enabled)s::text[]) then 'off'
                when i.dismissed_until <= now() then 'due' end as idle
    from (values (0)) one (row)
    left join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
    left join guild_identity.discord_users d on d.guild_id = i.guild_id and d.id = i.discord_member_id
) why
where i.guild_id = %(guild_id)s and i.dismissed_at is not null and (not %(only_idle)s or why.idle is not null)
order by i.dismissed_at desc, i.id desc
limit %(limit)s offset %(offset)s

-- name: subjects
-- Whom each of these issues is about: the player behind it where there is one, else the character or the member itself.
select i.id,
       case when p.id is not null then 'player' when c.id is not null then 'character' when d.id is not null then 'member' end,
       coalesce(p.id, c.id, d.id),
       coalesce(p.display_name, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), d.display_name)
from guild_identity.audit_issues i
left join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.discord_users d on d.guild_id = i.guild_id and d.id = i.discord_member_id
left join guild_identity.players of_member on of_member.guild_id = i.guild_id and of_member.discord_user_id = d.id
left join guild_identity.players p on p.id = coalesce(i.player_id, l.player_id, of_member.id)
where i.guild_id = %(guild_id)s and i.id = any(%(issue_ids)s)

-- name: attempts
select id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, started_at, duration_ms, undone_at, undone_by, undone_reason,
       changes <> '[]' and undone_at is null
             and started_at >= (select guild_identity.undoable_since(%(guild_id)s)) as is_undoable
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and (%(issue_id)s::bigint is null or issue_id = %(issue_id)s)
order by id desc
limit %(limit)s
