-- A guild that has been watched for years: what the pages have to choose from. None of it is timed.

-- name: characters
-- A tenth of all characters that were ever seen are in the guild now; every third has a player.
insert into guild_identity.wow_characters
    (guild_id, character_name, name_key, realm_slug, realm_key, level, rank_index, guild_note, last_login_timestamp, removed_at)
select %(guild_id)s, 'Wanderer' || n, 'wanderer' || n, 'area-52', 'area52', 80, 3,
       case when n %% 2 = 0 then 'alt of Wanderer' || n - 1 end,
       (extract(epoch from now() - make_interval(days => n %% 40)) * 1000)::bigint,
       case when n <= %(characters)s * 9 / 10 then now() - interval '1 year' end
from generate_series(1, %(characters)s) n

-- name: players
with made as (
    insert into guild_identity.players (guild_id, display_name, main_character_id, created_by)
    select guild_id, character_name, null, 'officer test'
    from guild_identity.wow_characters
    where guild_id = %(guild_id)s and id %% 3 = 0
    returning id, guild_id, display_name
)
insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by, basis)
select c.id, made.id, made.guild_id, 'full_match', 'exact', 'officer test', 'name'
from made
join guild_identity.wow_characters c on c.guild_id = made.guild_id and c.character_name = made.display_name

-- name: subjects
select id, character_name from guild_identity.wow_characters where guild_id = %(guild_id)s order by id

-- name: spread_over_the_years
-- The guild's issues came one after the other, an issue every ten minutes; what is open came last.
update guild_identity.audit_issues
set created_at = at, opened_at = at, resolved_at = case when resolved_at is not null then at + interval '1 day' end
from (select id as number, now() - (%(issues)s - row_number() over (order by resolved_at nulls last, id)) * interval '10 minutes' as at
      from guild_identity.audit_issues where guild_id = %(guild_id)s) as moments
where id = number

-- name: set_some_aside
update guild_identity.audit_issues
set dismissed_at = now(), dismissed_by = 'officer alice', dismissed_reason = 'A guest.'
where guild_id = %(guild_id)s and resolved_at is null and id %% 10 = 0

-- name: moves
update guild_identity.issue_events e
set at = case when e.event = 'resolved' then i.resolved_at else i.opened_at end
from guild_identity.audit_issues i
where i.id = e.issue_id and e.guild_id = %(guild_id)s

-- name: attempts
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, started_at, duration_ms)
select guild_id, id, issue_type, 'automation', true, 'fixed', 'The note names somebody.', resolved_at, 40
from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is not null and id %% 4 = 0

-- name: an_open_issue
select max(id) from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null

-- name: dismiss_all_but
-- Of a guild's open issues, leave so many, drawn from all rules alike.
update guild_identity.audit_issues
set dismissed_at = now(), dismissed_by = 'officer alice', dismissed_reason = 'A guest.'
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
  and id not in (select id from guild_identity.audit_issues
                 where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
                 order by md5(id::text)
                 limit %(questions)s)
