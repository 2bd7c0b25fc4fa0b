-- A row for each table that the demo leaves empty. A new table that the demo does not fill gets its row here.

insert into common.admin_accounts (name, role) values ('Alice', 'administrator');
insert into common.login_links values ('hash of a link', (select max(id) from common.admin_accounts), '2026-01-01 12:00+00');
insert into common.begun_sign_ins values ('hash of a proof', 'admin', '2026-01-01 12:00+00');
insert into common.claim_sessions values ('hash of a session', '9001', '@mito', 1, '2026-01-01 12:00+00');
insert into guild_identity.claims (guild_id, discord_user_id, account_hash)
    select 1, min(id), decode(repeat('ab', 32), 'hex') from guild_identity.discord_users;
insert into guild_identity.claimed_characters (guild_id, claim_id, region, realm_id, blizzard_character_id, name, realm_slug)
    select 1, id, 'us', 3676, 700000001, 'Mito', 'area-52' from guild_identity.claims;
insert into guild_identity.claim_readings (guild_id, discord_user_id, account_hash, characters)
    select 1, discord_user_id, account_hash, '[]' from guild_identity.claims;
insert into guild_identity.claim_contests (guild_id, claim_id, discord_user_id)
    select 1, c.id, (select max(id) from guild_identity.discord_users) from guild_identity.claims c;
insert into common.web_sessions (token_hash, account_id, expires_at)
    select 'hash of a session', id, '2026-01-08 12:00+00' from common.admin_accounts;
insert into common.api_tokens (guild_id, name, scope, token_hash, created_by) values (1, 'metrics', 'metrics', 'hash of a token', 'Alice');
insert into common.upload_keys (guild_id, uploader, key_hash, created_by) values (1, 'Bob', 'hash of a key', 'Alice');

insert into guild_identity.addon_uploads
    (guild_id, upload_key_id, content_hash, character_count, guild_name, exported_at, state, sentence, finished_at)
    select 1, id, 'hash of an export', 121, 'The Lantern Watch', now(), 'done', 'Nothing is new.', now() from common.upload_keys;
insert into guild_identity.former_addresses (guild_id, region, realm_slug, name_slug, name, changed_by)
    values (1, 'us', 'area-52', 'the-lamp-watch', 'The Lamp Watch', 'Alice');
insert into guild_identity.former_names (guild_id, character_id, name)
    select 1, min(id), 'Éowýn' from guild_identity.wow_characters;
insert into guild_identity.guild_words (guild_id, word, category, updated_by) values (1, 'tester', 'title', 'Alice');
insert into guild_identity.held_losses (guild_id, source, subject_ids, known)
    select 1, 'battlenet', array_agg(id order by id), 121 from guild_identity.wow_characters where id < 50;
insert into guild_identity.hiatuses (guild_id, player_id, until, reason, set_by)
    select 1, min(id), '2026-03-01', 'a new job', 'Alice' from guild_identity.players;
insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by)
    select 1, c.id, p.id, 'Alice' from (select max(id) as id from guild_identity.wow_characters) c, (select min(id) as id from guild_identity.players) p;
insert into guild_identity.match_requests (guild_id, actor, attempts, state, sentence, finished_at)
    values (1, 'Alice', 1, 'done', 'Nothing was changed.', now());
insert into guild_identity.work_requests (guild_id, kind, actor, state, done, total, sentence, result, started_at, finished_at)
    values (1, 'scan', 'Alice', 'done', 3, 3, 'Nothing is new.', '{"new": 0}', now(), now());
insert into guild_identity.rule_settings (guild_id, issue_type, auto_mitigate, severity, parameters, updated_by)
    values (1, 'stale_character', false, 'info', '{"stale_after_days": 45}', 'Alice');
insert into guild_identity.setting_changes (guild_id, kind, subject, before, after, sentence, actor)
    values (1, 'word', 'tester', '{}', '{"category": "title"}', 'The word “tester” is a title.', 'Alice');
insert into guild_identity.shared_characters (guild_id, character_id, reason, marked_by)
    select 1, max(id), 'the guild bank', 'Alice' from guild_identity.wow_characters;

insert into guild_identity.account_settings (guild_id, mode, gives_rights, salt, updated_by)
    values (1, 'suggest', true, sha256('salt'), 'Alice');
insert into guild_identity.account_evidence (guild_id, character_id, requested_at, outcome, oldest, by_hash, pets, read_at, account)
    select 1, min(id), '2026-01-01 12:00+00', 'read', sha256('oldest'), sha256('smallest'), 80, '2026-01-01 12:00+00', min(id)
    from guild_identity.wow_characters;
insert into guild_identity.account_evidence (guild_id, character_id, requested_at, outcome, achievements, read_at)
    select 1, max(id), '2026-01-01 12:00+00', 'read', sha256('moments'), '2026-01-01 12:00+00'
    from guild_identity.wow_characters;
insert into guild_identity.shared_accounts (guild_id, character_id, reason, marked_by)
    select 1, max(id), 'a family', 'Alice' from guild_identity.wow_characters;
insert into guild_identity.account_objections (guild_id, key, character_id, objected_by)
    select 1, sha256('key'), max(id), 'Alice' from guild_identity.wow_characters;
insert into guild_identity.retention_settings (guild_id, days, updated_by) values (1, '{"undo": 30}', 'Alice');
insert into guild_identity.forgotten_attempts values (1, 'note_mismatch', 'fixed', true, 12);
insert into guild_identity.erasures (guild_id, actor, counts) values (1, 'Alice', '{"players": 1}');
insert into common.last_cleaning (ended_at, deleted) values (now(), '{"events": 3}');

insert into jobs.procrastinate_workers default values;
insert into jobs.procrastinate_jobs (queue_name, task_name, lock, args) values ('guilds', 'sweep', '1', '{"guild_id": 1}');
insert into jobs.procrastinate_periodic_defers (task_name, defer_timestamp, job_id, periodic_id)
    select 'sweep', 1767268800, id, 'sweep' from jobs.procrastinate_jobs;
insert into jobs.turns values ('1', 1);
