-- name: moment
-- What the database shows: while this is the same, so is every row. A standby does not tell it whole, and a server that was
-- started anew may count anew.
select case when not pg_is_in_recovery() then concat_ws(' ', pg_postmaster_start_time(), pg_current_snapshot()) end

-- name: state
-- The moment, and of all that the pages of a guild show the rows as they are: of each its place and the transaction that wrote
-- it, as one number for each table. Of the guilds beside it, which are named on pages, what is shown. Null where a table has too
-- many rows, and while a job waits or runs: what is said of it depends on the queue, too.
with rows (what, versions, number) as (
    select 'access_grants', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from common.access_grants where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'confirmed_links', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from common.confirmed_links where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'guild_ranks', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from common.guild_ranks where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'account_evidence', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.account_evidence where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'account_objections', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.account_objections where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'account_settings', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.account_settings where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'claim_contests', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.claim_contests where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'claimed_characters', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.claimed_characters where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'claims', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.claims where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'shared_accounts', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.shared_accounts where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'addon_uploads', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.addon_uploads where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'audit_issues', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.audit_issues where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'character_profiles', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.character_profiles where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'discord_roles', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.discord_roles where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'discord_users', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.discord_users where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'fix_attempts', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.fix_attempts where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'former_addresses', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.former_addresses where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'former_names', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.former_names where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'guild_words', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.guild_words where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'held_losses', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.held_losses where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'hiatuses', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.hiatuses where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'issue_events', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.issue_events where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'last_exports', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.last_exports where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'link_rejections', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.link_rejections where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'match_requests', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.match_requests where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'player_characters', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.player_characters where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'player_note_aliases', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.player_note_aliases where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'players', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.players where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'retention_settings', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.retention_settings where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'rule_settings', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.rule_settings where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'setting_changes', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.setting_changes where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'shared_characters', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.shared_characters where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'sync_log', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.sync_log where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'work_requests', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.work_requests where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'wow_characters', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from guild_identity.wow_characters where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'upload_keys', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*)
    from (select ctid, xmin from common.upload_keys where guild_id = %(guild_id)s limit %(most)s + 1) t
    union all
    select 'realms', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*) from common.realms t
), guilds (what, versions, number) as (
    select 'guild', bit_xor(hash_record_extended((t.ctid, t.xmin), 0)), count(*) from guild_identity.guilds t where id = %(guild_id)s
    union all
    select 'beside', bit_xor(hash_record_extended(near, 0)), count(*)
    from (
        (select id, region, realm_slug, name_slug, name from guild_identity.guilds
         where id < %(guild_id)s order by id desc limit %(beside)s)
        union all
        (select id, region, realm_slug, name_slug, name from guild_identity.guilds
         where id > %(guild_id)s order by id limit %(beside)s)
    ) near
)
select case when not pg_is_in_recovery() then concat_ws(' ', pg_postmaster_start_time(), pg_current_snapshot()) end,
       case when (select max(number) from rows) <= %(most)s
             and not exists (select from guild_identity.work_requests where guild_id = %(guild_id)s and finished_at is null)
            then concat_ws(' ', pg_postmaster_start_time(), string_agg(concat_ws(' ', what, versions, number), ' ' order by what)) end
from (select * from rows union all select * from guilds) everything
