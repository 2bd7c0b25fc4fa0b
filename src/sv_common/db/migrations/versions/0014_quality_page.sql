-- Each move says of which rule its issue is, and by how much it changed the number of open issues; so how many were open
-- on a day is today's number less the changes since, and no issue has to be looked at.
alter table guild_identity.issue_events add column issue_type text, add column open_change smallint;

-- What an issue was after each of its moves: the last word on its end is the higher of two marks, and so is the last word
-- on its dismissal. The lowest bit of a mark is the word itself.
with marked as (
    select id, issue_id,
           max(id * 2 + (event = 'resolved')::integer) filter (where event in ('opened', 'reopened', 'resolved'))
               over moves_so_far as ended,
           max(id * 2 + (event = 'dismissed')::integer) filter (where event in ('dismissed', 'woken'))
               over moves_so_far as set_aside
    from guild_identity.issue_events
    window moves_so_far as (partition by issue_id order by id)
), judged as (
    select id, issue_id, (coalesce(ended % 2, 0) = 0 and coalesce(set_aside % 2, 0) = 0)::integer as is_open
    from marked
), changed as (
    select id, issue_id, is_open - lag(is_open, 1, 0) over (partition by issue_id order by id) as open_change
    from judged
)
update guild_identity.issue_events e
set issue_type = i.issue_type, open_change = c.open_change
from changed c
join guild_identity.audit_issues i on i.id = c.issue_id
where e.id = c.id;

alter table guild_identity.issue_events
    alter column issue_type set not null,
    alter column open_change set not null,
    add check (open_change between -1 and 1);

create index recent_issue_events on guild_identity.issue_events (guild_id, at)
    include (issue_type, event, open_change) where event <> 'refreshed';
create index issue_events_of_rule on guild_identity.issue_events (guild_id, issue_type, event, at);

-- How a text is looked for: without case, accents and ligatures. Both sides go through it, so it need not agree with the
-- keys of names, which tell people apart and keep accents.
create function guild_identity.search_key(words text) returns text
    language sql immutable strict parallel safe
    return translate(replace(replace(lower(regexp_replace(normalize(words, nfkd), U&'[\0300-\036F]', '', 'g')),
                                     'ß', 'ss'), 'æ', 'ae'), 'øłđðıŧ', 'olddit');

-- The beginning of it is enough to find an issue by, and always fits into an index.
alter table guild_identity.audit_issues
    add column state text not null generated always as (
        case when resolved_at is not null then 'resolved' when dismissed_at is not null then 'dismissed' else 'open' end
    ) stored,
    add column search_text text not null generated always as (left(guild_identity.search_key(summary), 300)) stored;

create index issues_by_state on guild_identity.audit_issues (guild_id, state, opened_at desc, id desc)
    include (issue_type, severity, search_text);

create index recent_fix_attempts on guild_identity.fix_attempts (guild_id, started_at)
    include (issue_type, outcome, is_automatic, undone_at);
create index fixes_by_themselves on guild_identity.fix_attempts (guild_id, issue_type)
    where is_automatic and outcome = 'fixed';

-- How old the notes of an upload are is asked by the run that took it in.
create index uploads_by_run on guild_identity.addon_uploads (run_id) where run_id is not null;
