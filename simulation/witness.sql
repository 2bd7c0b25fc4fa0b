-- name: install
-- A log of what matters in some tables, written by the database itself, in the order and by the transactions in which it
-- happened. Only the named columns are kept, and only where one of them changes. What is rolled back leaves nothing here.
create schema witness;

create table witness.changes (
    seq bigint generated always as identity primary key,
    transaction bigint not null,
    table_name text not null,
    was jsonb,
    is_now jsonb
);

grant usage on schema witness to patt_guild;
grant insert on witness.changes to patt_guild;

create function witness.note() returns trigger language plpgsql as $$
declare
    was jsonb;
    is_now jsonb;
begin
    select jsonb_object_agg(name, to_jsonb(old) -> name) into was from unnest(tg_argv) name where tg_op <> 'INSERT';
    select jsonb_object_agg(name, to_jsonb(new) -> name) into is_now from unnest(tg_argv) name where tg_op <> 'DELETE';
    if was is distinct from is_now then
        insert into witness.changes (transaction, table_name, was, is_now)
        values (txid_current(), tg_table_name, was, is_now);
    end if;
    return null;
end $$;

create trigger witness after insert or update or delete on guild_identity.wow_characters
for each row execute function witness.note('id', 'guild_id', 'blizzard_character_id', 'character_name', 'guild_note',
                                           'rank_index', 'removed_at');
create trigger witness after insert or update or delete on guild_identity.player_characters
for each row execute function witness.note('character_id', 'player_id', 'basis', 'confirmed_by');
create trigger witness after insert or update or delete on guild_identity.players
for each row execute function witness.note('id', 'discord_user_id', 'discord_basis', 'discord_confirmed_by');
create trigger witness after insert or update or delete on guild_identity.discord_users
for each row execute function witness.note('id', 'guild_id', 'discord_id');
create trigger witness after insert or update or delete on common.guild_ranks
for each row execute function witness.note('id', 'guild_id', 'wow_rank_index', 'level', 'discord_role_id');
create trigger witness after insert or update or delete on guild_identity.fix_attempts
for each row execute function witness.note('id', 'guild_id', 'is_automatic', 'issue_type', 'outcome', 'intended', 'changes',
                                           'undoing_at', 'undone_at', 'partly_undone_at');
create trigger witness after insert or update or delete on guild_identity.account_evidence
for each row execute function witness.note('character_id', 'guild_id', 'account', 'doubted_read_at');
create trigger witness after insert or update or delete on guild_identity.account_settings
for each row execute function witness.note('guild_id', 'mode', 'gives_rights');
create trigger witness after insert or update or delete on guild_identity.shared_accounts
for each row execute function witness.note('guild_id', 'character_id');
create trigger witness after insert or update or delete on guild_identity.account_objections
for each row execute function witness.note('guild_id', 'key', 'character_id');

-- name: take
with taken as (delete from witness.changes returning *)
select transaction, table_name, was, is_now from taken order by seq
