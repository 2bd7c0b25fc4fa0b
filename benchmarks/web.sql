-- A guild that has been watched for years: what the pages have to choose from. None of it is timed.

-- name: characters
-- A tenth of all characters that were ever seen are in the guild now; every third has a player.
insert into guild_identity.wow_characters
    (guild_id, character_name, name_key, realm_slug, realm_key, level, rank_index, guild_note, last_login_timestamp, removed_at)
select %(guild_id)s, 'Wanderer' || n, 'wanderer' || n, 'area-52', 'area52', 80, 3,
       case when n %% 2 = 0 then 'alt of Wanderer' || n - 1 end,
       (extract(epoch from now() - make_interval(days => n %% 40)) * 1000)::bigint,
       case when n > %(characters)s / 10 then now() - interval '1 year' end
from generate_series(1, %(characters)s) n

-- name: players
with made as (
    insert into guild_identity.players (guild_id, display_name, main_character_id, created_by)
    select guild_id, character_name, null, 'officer test'
    from guild_identity.wow_characters
    where guild_id = %(guild_id)s and id %% 3 = 0
    returning id, guild_id, display_name
)
insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, linked_by)
select c.id, made.id, made.guild_id, 'full_match', 'exact', 'officer test'
from made
join guild_identity.wow_characters c on c.guild_id = made.guild_id and c.character_name = made.display_name

-- name: issues
-- One for each rule and character in turn; the newest are open, of which every tenth is set aside.
with subjects as (
    select id, character_name, row_number() over (order by id) as place
    from guild_identity.wow_characters
    where guild_id = %(guild_id)s
), numbered as (
    select n, %(rules)s::text[] as rules, (n - 1) / %(characters)s + 1 as rule, (n - 1) %% %(characters)s + 1 as place,
           n > %(issues)s - %(open)s as is_open, now() - make_interval(mins => %(issues)s - n) as at
    from generate_series(1, %(issues)s) n
)
insert into guild_identity.audit_issues
    (guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, created_at, opened_at, resolved_at,
     resolved_by, dismissed_at, dismissed_by, dismissed_reason)
select %(guild_id)s, rules[rule], 'warning', s.character_name || '-area-52 belongs to nobody.',
       jsonb_build_object('character', s.character_name), encode(sha256(n::text::bytea), 'hex'), s.id, at, at,
       case when not is_open then at + interval '1 day' end, case when not is_open then 'automation' end,
       case when is_open and n %% 10 = 0 then at end, case when is_open and n %% 10 = 0 then 'officer alice' end,
       case when is_open and n %% 10 = 0 then 'A guest.' end
from numbered
join subjects s using (place)
order by n

-- name: events
insert into guild_identity.issue_events (guild_id, issue_id, event, actor, at)
select i.guild_id, i.id, m.event, 'schedule', m.at
from guild_identity.audit_issues i
cross join lateral (values ('opened', i.opened_at), ('resolved', i.resolved_at)) as m (event, at)
where i.guild_id = %(guild_id)s and m.at is not null
order by m.at

-- name: attempts
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, started_at, duration_ms)
select guild_id, id, issue_type, 'automation', true, 'fixed', 'The note names somebody.', resolved_at, 40
from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is not null and id %% 4 = 0

-- name: an_open_issue
select max(id) from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
