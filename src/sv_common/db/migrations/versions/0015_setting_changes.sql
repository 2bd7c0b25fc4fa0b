-- Who changed which setting of a guild, and from what to what. `before` and `after` are the setting as it was written, so
-- that a change can be taken back by another one. Of keys and tokens only the name and the state are kept.
create table guild_identity.setting_changes (
    id bigint generated always as identity primary key,
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: a token for every guild
    kind text not null check (kind in ('rule', 'ranks', 'word', 'key', 'token')),
    subject text not null check (subject <> ''),
    before jsonb not null check (jsonb_typeof(before) = 'object'),
    after jsonb not null check (jsonb_typeof(after) = 'object'),
    sentence text not null check (sentence <> ''),
    undoes bigint references guild_identity.setting_changes on delete set null,
    actor text not null,
    at timestamptz not null default now()
);

create index setting_changes_by_time on guild_identity.setting_changes (guild_id, id desc);
create index setting_changes_undoing on guild_identity.setting_changes (undoes) where undoes is not null;

create trigger tell_of_new after insert on guild_identity.setting_changes
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('settings');
