-- When each fact was seen in the game; null: not known, so whatever is seen next is newer.
alter table guild_identity.wow_characters
    add column guild_note_as_of timestamptz,
    add column officer_note_as_of timestamptz,
    add column settled_rank_as_of timestamptz;

alter table common.guild_ranks
    add column name_as_of timestamptz;  -- when name_in_game was seen

-- Uploads are taken in by the time of their export. The same content may come again; while it waits, it waits once.
alter table guild_identity.addon_uploads
    add column as_of timestamptz not null default now(),  -- the export's time; that of receipt where it has none, or a future one
    add column guild_name text,
    add column realm text,
    add column region smallint,
    drop constraint addon_uploads_guild_id_content_hash_key,
    drop constraint addon_uploads_state_check,
    drop constraint addon_uploads_check;

update guild_identity.addon_uploads set as_of = least(coalesce(exported_at, received_at), received_at);

-- 'superseded': all that it says was known from a newer export. 'failed': given up after many tries, and kept for another.
alter table guild_identity.addon_uploads
    add constraint addon_uploads_state_check check (state in ('received', 'done', 'superseded', 'refused', 'failed')),
    add constraint kept_until_taken_in check (state <> 'received' or characters is not null),
    add constraint erased_when_taken_in check (state in ('received', 'failed') or characters is null);

drop index guild_identity.waiting_uploads;
create index waiting_uploads on guild_identity.addon_uploads (guild_id, as_of, id) where state = 'received';
create unique index one_waiting_upload_of_a_content on guild_identity.addon_uploads (guild_id, content_hash)
    where state = 'received';
create index uploads_of_guild on guild_identity.addon_uploads (guild_id, id desc);

-- A run that brought nothing because everything was known from a newer export is neither a good one nor a failure.
alter table guild_identity.sync_log
    add column as_of timestamptz,  -- of when the source's news are since the run; null: of its end
    drop constraint sync_log_status_check,
    add constraint sync_log_status_check check (status in ('running', 'done', 'partial', 'superseded', 'failed'));
