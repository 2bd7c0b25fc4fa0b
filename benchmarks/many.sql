-- One guild with a past, which is then copied many times. None of it is timed.

-- name: past
-- What a guild of some months has besides its roster, members, notes and open issues: some rows in each table.
with own as (
    select c.id, c.character_name, row_number() over (order by c.id) as n
    from guild_identity.wow_characters c where c.guild_id = %(guild_id)s
), people as (
    select p.id, p.display_name, p.main_character_id, p.discord_user_id, row_number() over (order by p.id) as n
    from guild_identity.players p where p.guild_id = %(guild_id)s
), profiles as (
    insert into guild_identity.character_profiles (character_id, guild_id, requested_at, fetched_at)
    select id, %(guild_id)s, now() - n * interval '1 minute', now() - n * interval '1 minute' from own
), comparing as (
    insert into guild_identity.account_settings (guild_id, mode, gives_rights, salt, updated_by)
    values (%(guild_id)s, 'suggest', true, sha256('salt'), 'alice')
), evidence as (
    insert into guild_identity.account_evidence
        (guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, achievements, read_at, account)
    select %(guild_id)s, id, now(), 'read', case when has_pets then sha256('a') end, case when has_pets then sha256('b') end,
           case when has_pets then 40 end, case when not has_pets then sha256('c') end, now(), id
    from (select id, n %% 30 > 0 as has_pets from own) own
), families as (
    insert into guild_identity.shared_accounts (guild_id, character_id, reason, marked_by)
    select %(guild_id)s, id, 'A family.', 'officer' from own where n %% 25 = 0
), objecting as (
    insert into guild_identity.account_objections (guild_id, key, character_id, objected_by)
    select %(guild_id)s, sha256(int8send(id)), id, 'officer' from own where n %% 20 = 0
), erased as (
    insert into guild_identity.erasures (guild_id, actor, counts) values (%(guild_id)s, 'alice', '{"characters": 1}')
), kept as (
    insert into guild_identity.retention_settings (guild_id, days, updated_by) values (%(guild_id)s, '{"runs": 120}', 'alice')
), former_names as (
    insert into guild_identity.former_names (guild_id, character_id, name)
    select %(guild_id)s, id, 'Was' || lower(character_name) from own where n %% 10 = 0
), aliases as (
    insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by)
    select %(guild_id)s, id, 'Nick' || lower(display_name), 'nick' || lower(display_name), 'officer' from people where n %% 3 = 0
), rejected as (
    insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by)
    select %(guild_id)s, own.id, people.id, 'officer' from own join people on people.n = own.n + 1 where own.n %% 10 = 1
), rejected_members as (
    insert into guild_identity.link_rejections (guild_id, discord_user_id, player_id, rejected_by)
    select %(guild_id)s, d.id, people.id, 'officer'
    from (select id, row_number() over (order by id) as n from guild_identity.discord_users where guild_id = %(guild_id)s) d
    join people on people.n = d.n + 2 where d.n %% 10 = 1
), shared as (
    insert into guild_identity.shared_characters (character_id, guild_id, reason, marked_by)
    select own.id, %(guild_id)s, 'A bank.', 'officer' from own
    where not exists (select from guild_identity.player_characters l where l.character_id = own.id) and own.n %% 2 = 0
), away as (
    insert into guild_identity.hiatuses (guild_id, player_id, until, reason, set_by)
    select %(guild_id)s, id, current_date + 30, 'Holidays.', 'officer' from people where n %% 4 = 3
), proven as (
    insert into guild_identity.claims (guild_id, discord_user_id, account_hash)
    select %(guild_id)s, discord_user_id, sha256(('account' || n)::bytea) from people where discord_user_id is not null and n %% 2 = 0
    returning id, discord_user_id
), proven_characters as (
    insert into guild_identity.claimed_characters
        (guild_id, claim_id, region, realm_id, blizzard_character_id, name, realm_slug, character_id)
    select %(guild_id)s, proven.id, 'us', 1, own.id, own.character_name, 'area-52', own.id
    from proven
    join people on people.discord_user_id = proven.discord_user_id
    join guild_identity.player_characters l on l.guild_id = %(guild_id)s and l.player_id = people.id
    join own on own.id = l.character_id
), contested as (
    insert into guild_identity.claim_contests (guild_id, claim_id, discord_user_id)
    select %(guild_id)s, min(id), max(discord_user_id) from proven having count(*) > 0
), read as (
    insert into guild_identity.claim_readings (guild_id, discord_user_id, account_hash, characters)
    select %(guild_id)s, discord_user_id, account_hash, '[]' from (
        select discord_user_id, sha256(('read' || n)::bytea) as account_hash from people
        where discord_user_id is not null) r
), claiming as (
    insert into common.claim_sessions (token_hash, discord_id, name, guild_id, expires_at)
    select 'claiming' || d.id || '-', d.discord_id, d.username, %(guild_id)s, now() + interval '1 hour'
    from guild_identity.discord_users d where d.guild_id = %(guild_id)s and d.id %% 3 = 0
), confirmed as (
    insert into common.confirmed_links (guild_id, character_id, player_id, discord_user_id, confirmed_by)
    select %(guild_id)s, main_character_id, id, discord_user_id, 'administrator'
    from people where n %% 2 = 0 and main_character_id is not null and discord_user_id is not null
), words as (
    insert into guild_identity.guild_words (guild_id, word, category, updated_by)
    select %(guild_id)s, 'word' || n, null, 'officer' from generate_series(1, 5) n
), grants as (
    insert into common.access_grants (guild_id, kind, key, role, set_by)
    select %(guild_id)s, 'rank', n::text, 'viewer', 'officer' from generate_series(1, 4) n
), settings as (
    insert into guild_identity.rule_settings (guild_id, issue_type, parameters, updated_by)
    values (%(guild_id)s, 'stale_character', '{"stale_after_days": 45}', 'officer')
), changed_settings as (
    insert into guild_identity.setting_changes (guild_id, kind, subject, before, after, sentence, actor)
    select %(guild_id)s, 'rule', 'stale_character', '{}', '{}', 'Changed.', 'officer' from generate_series(1, 10)
), addresses as (
    insert into guild_identity.former_addresses (guild_id, region, realm_slug, name_slug, name, changed_by)
    values (%(guild_id)s, 'us', 'maltorith', 'earlier', 'Earlier', 'officer')
), issues as (
    insert into guild_identity.audit_issues
        (guild_id, issue_type, severity, summary, issue_hash, wow_character_id, created_at, opened_at, resolved_at, resolved_by)
    select %(guild_id)s, 'note_mismatch', 'warning', character_name || ' belonged to somebody else.',
           encode(sha256(('past' || n)::bytea), 'hex'), id, now() - interval '60 days', now() - interval '60 days',
           now() - n * interval '1 hour', 'detection'
    from own where n %% 4 = 0
    returning id, issue_type, resolved_at
), opened as (
    insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, at)
    select %(guild_id)s, id, issue_type, event, case event when 'opened' then 1 when 'resolved' then -1 else 0 end, 'scan',
           case event when 'resolved' then resolved_at else now() - interval '60 days' end
    from issues cross join unnest(array['opened', 'refreshed', 'resolved']) as e (event)
), attempts as (
    insert into guild_identity.fix_attempts
        (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, started_at, duration_ms, changes)
    select %(guild_id)s, id, issue_type, 'automation', true, 'fixed', 'The note names somebody.', resolved_at, 40, '[{}]' from issues
), runs as (
    insert into guild_identity.sync_log (guild_id, pipeline, actor, status, steps, started_at, finished_at)
    select %(guild_id)s, p, 'schedule', 'done', '[{"name": "sync", "duration_ms": 10, "counts": {}, "notices": [], "error": null}]', now() - n * interval '1 hour', now() - n * interval '1 hour'
    from unnest(array['battlenet_sync', 'discord_sync', 'addon_upload', 'sweep']) as p
    cross join generate_series(1, %(characters)s / 10) n
), digests as (
    insert into guild_identity.announcements (guild_id, kind, channel_id, nonce, is_pending, first_event, last_event, closed_at)
    select %(guild_id)s, 'digest', '1', 'digest' || n, false, n, n, now() from generate_series(1, 10) n
), matches as (
    insert into guild_identity.match_requests (guild_id, actor, state, sentence, finished_at)
    select %(guild_id)s, 'officer', 'done', 'Nothing to do.', now() from generate_series(1, 5)
), requests as (
    insert into guild_identity.work_requests (guild_id, kind, actor, state, sentence, finished_at)
    select %(guild_id)s, 'scan', 'officer', 'done', 'Nothing to do.', now() from generate_series(1, 5)
), losses as (
    insert into guild_identity.held_losses (guild_id, source, subject_ids, known) values (%(guild_id)s, 'discord', array[1], 2)
), tokens as (
    insert into common.api_tokens (guild_id, name, token_hash, created_by) values (%(guild_id)s, 'statistics', 'token', 'officer')
), keys as (
    insert into common.upload_keys (guild_id, uploader, key_hash, created_by)
    values (%(guild_id)s, 'alice', 'key', 'officer')
    returning id
)
insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, character_count, state, finished_at)
select %(guild_id)s, keys.id, 'content' || n, %(characters)s, 'done', now() from keys cross join generate_series(1, 10) n

-- name: tables
-- Each table of a guild with its columns, and for each column how a copy has it: its number moved (an id, or a reference to
-- one), a text of its own (a key that all guilds have in common), or as it is.
select n.nspname, c.relname,
       array_agg(a.attname order by a.attnum),
       array_agg(case when a.attname = 'guild_id' then 'guild'
                      when a.attname = 'id' or exists (
                          select from pg_constraint f
                          join pg_attribute there on there.attrelid = f.confrelid
                                                 and there.attnum = f.confkey[array_position(f.conkey, a.attnum)]
                          where f.conrelid = c.oid and f.contype = 'f' and a.attnum = any (f.conkey)
                            and there.attname not in ('guild_id') and f.confrelid <> 'guild_identity.guilds'::regclass)
                          then 'moved'
                      when a.attname = 'discord_id' or exists (
                          select from pg_constraint u
                          where u.conrelid = c.oid and u.contype in ('u', 'p') and u.conkey = array[a.attnum]) then 'own'
                      else 'same' end order by a.attnum)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relkind = 'r' and n.nspname in ('common', 'guild_identity')
  and exists (select from pg_attribute g where g.attrelid = c.oid and g.attname = 'guild_id')
  and c.relname not in ('admin_accounts', 'web_sessions')
group by n.nspname, c.relname
order by 1, 2

-- name: guilds
insert into guild_identity.guilds (id, region, realm_slug, name_slug, name, discord_guild_id, audit_channel_id, roster_as_of, members_as_of)
overriding system value
select id + k, region, realm_slug, name_slug || '-' || k, name || ' ' || k, discord_guild_id || k, audit_channel_id,
       roster_as_of, members_as_of
from guild_identity.guilds
cross join generate_series(1, %(copies)s) k
where id = %(guild_id)s

-- name: sequences
-- New rows get numbers beyond those of the copies.
select setval(pg_get_serial_sequence(c.oid::regclass::text, 'id'), %(beyond)s)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'id' and a.attidentity <> ''
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)

-- name: shown
-- What pages about one subject are asked for.
select (select id from guild_identity.audit_issues
        where guild_id = %(guild_id)s and state = 'open'
        order by issue_type = 'orphan_wow' desc, id desc limit 1),
       (select player_id from guild_identity.player_characters where guild_id = %(guild_id)s
        group by player_id order by count(*) desc, player_id limit 1),
       (select min(character_id) from guild_identity.player_characters where guild_id = %(guild_id)s)

-- name: sessions
-- In each guild some users are signed in, with Discord and by a link.
with accounts as (
    insert into common.admin_accounts (name, discord_id, guild_id, role)
    select g.name || n, case when n > 2 then g.id || '00' || n end, case when n <= 2 then g.id end,
           case when n <= 2 then 'officer' end
    from guild_identity.guilds g cross join generate_series(1, 5) n
    returning id, name, guild_id
)
insert into common.web_sessions (token_hash, account_id, guild_id, expires_at)
select a.name || '-' || n, a.id, g.id, now() + interval '1 day'
from accounts a
left join guild_identity.guilds g on a.guild_id is null and a.name like g.name || '_'
cross join generate_series(1, 2) n
