-- A person whose companion sends what the addon exported. Keys are kept as SHA-256 of 32 random bytes.
create table common.upload_keys (
    id integer generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    uploader text not null check (uploader <> ''),
    key_hash text not null unique,
    created_by text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz,
    unique (guild_id, id)
);

-- What was sent: stored before it is acknowledged, and without its characters once it is taken in.
create table guild_identity.addon_uploads (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    upload_key_id integer not null,
    content_hash text not null,  -- the same export sent twice is one upload
    characters jsonb check (jsonb_typeof(characters) = 'array'),
    character_count integer not null check (character_count > 0),
    exported_at timestamptz,  -- by the clock of the uploader's machine
    received_at timestamptz not null default now(),
    state text not null default 'received' check (state in ('received', 'done', 'refused', 'failed')),
    attempts integer not null default 0 check (attempts >= 0),
    failed_at timestamptz,  -- when it was last tried in vain
    sentence text,  -- what became of it, for whoever sent it
    run_id bigint references guild_identity.sync_log on delete set null,
    finished_at timestamptz,
    unique (guild_id, content_hash),
    foreign key (guild_id, upload_key_id) references common.upload_keys (guild_id, id) on delete cascade,
    check ((state = 'received') = (characters is not null)),
    check ((state = 'received') = (finished_at is null))
);

create index waiting_uploads on guild_identity.addon_uploads (guild_id, id) where state = 'received';
create index uploads_of_key on guild_identity.addon_uploads (upload_key_id, id desc);
