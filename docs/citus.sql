-- Spreads the guilds of an installation over several servers with Citus. For a new, migrated database, run once on the
-- coordinator by the owner of the tables, with the extension created on every server. See docs/scaling.md.

-- 1. Every key holds the guild. A number alone stays one of its own: the sequence gives each only once.
do $$
declare
    each record;
begin
    for each in
        select c.conrelid::regclass as table_name, c.conname
        from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attname = 'guild_id' and a.attnotnull
        where c.contype = 'p' and c.connamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
          and not a.attnum = any (c.conkey) and c.conrelid <> 'common.upload_keys'::regclass
    loop
        execute format('alter table %s drop constraint %I', each.table_name, each.conname);
        execute format('alter table %s add primary key (id, guild_id)', each.table_name);
    end loop;
end $$;

-- 2. Numbers that every server gives by itself are bigint.
alter table common.guild_ranks alter column id type bigint;

-- 3. Players and their characters refer to each other. One direction waits until both are spread.
alter table guild_identity.players
    drop constraint players_guild_id_id_main_character_id_fkey,
    drop constraint players_guild_id_id_offspec_character_id_fkey;

-- 4. What is the installation's, is found by a secret, or may be of all guilds at once, is kept on every server.
select create_reference_table('guild_identity.guilds');
select create_reference_table('common.realms');
select create_reference_table('common.last_cleaning');
select create_reference_table('common.admin_accounts');
select create_reference_table('common.login_links');
select create_reference_table('common.begun_sign_ins');
select create_reference_table('common.claim_sessions');
select create_reference_table('common.web_sessions');
select create_reference_table('common.api_tokens');
select create_reference_table('common.upload_keys');
select create_reference_table('guild_identity.setting_changes');
select create_reference_table('common.request_services');
select create_reference_table('common.request_leases');
select create_reference_table('common.request_routes');
select create_reference_table('common.request_counts');

-- 5. All other rows live where their guild does. Triggers run there, and touch rows of the same guild alone.
set citus.enable_unsafe_triggers = on;
select create_distributed_table('guild_identity.former_addresses', 'guild_id');
select create_distributed_table('common.guild_ranks', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.wow_characters', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.character_profiles', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.account_evidence', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.account_objections', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.discord_roles', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.discord_users', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.former_names', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.held_losses', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.players', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.player_characters', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('common.confirmed_links', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.player_note_aliases', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.link_rejections', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.shared_characters', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.shared_accounts', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.hiatuses', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.claims', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.claimed_characters', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.claim_readings', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.claim_contests', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.guild_words', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.audit_issues', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.issue_events', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.fix_attempts', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.sync_log', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.addon_uploads', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.last_exports', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.match_requests', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.work_requests', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.announcements', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.rule_settings', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.account_settings', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.erasures', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.retention_settings', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('guild_identity.forgotten_attempts', 'guild_id', colocate_with => 'guild_identity.former_addresses');
select create_distributed_table('common.access_grants', 'guild_id', colocate_with => 'guild_identity.former_addresses');

-- 6. The other direction again.
alter table guild_identity.players
    add foreign key (guild_id, id, main_character_id)
        references guild_identity.player_characters (guild_id, player_id, character_id)
        on delete set null (main_character_id) deferrable initially deferred;
alter table guild_identity.players
    add foreign key (guild_id, id, offspec_character_id)
        references guild_identity.player_characters (guild_id, player_id, character_id)
        on delete set null (offspec_character_id) deferrable initially deferred;
