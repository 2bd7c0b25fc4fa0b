-- What officers are told on Discord. A row is written before anything is sent, so what could not be sent is sent later,
-- and what was sent is not sent again. A digest tells of the issue events from covers_from to covers_to; while its day
-- lasts it grows, and its message is edited.
--   waiting (is_pending) -> shown (message_id set) -> waiting (the digest grew) -> shown -> closed (closed_at set)
create table guild_identity.announcements (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind in ('summary', 'digest')),
    channel_id text not null,
    nonce text not null check (length(nonce) <= 25),  -- Discord posts a nonce once
    content jsonb,                    -- what the message should say; kept only until the message says it
    is_pending boolean not null default true,
    is_under_way boolean not null default false,  -- a first post may have reached Discord: it is repeated unchanged
    covers_from bigint,
    covers_to bigint,
    told_to bigint,                   -- the last event that the message tells of
    message_id text,                  -- Discord's; null: not posted
    failures integer not null default 0,          -- since it was last sent
    next_try_at timestamptz not null default now(),
    last_error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    closed_at timestamptz,
    unique (guild_id, nonce),
    check ((kind = 'digest') = (covers_from is not null)),
    check ((covers_from is null) = (covers_to is null)),
    check (not is_pending or content is not null),
    check (is_pending or content is null)
);

create unique index one_digest_grows on guild_identity.announcements (guild_id) where kind = 'digest' and closed_at is null;
create index announcements_that_wait on guild_identity.announcements (guild_id, id) where is_pending;
create index digests_of_guild on guild_identity.announcements (guild_id, covers_to desc) where kind = 'digest';
create index issue_events_of_guild on guild_identity.issue_events (guild_id, id);

-- Full matches that officers asked for; a worker does them, one of a guild at a time.
create table guild_identity.match_requests (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    actor text not null,
    asked_at timestamptz not null default now(),
    attempts integer not null default 0,
    state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
    sentence text,
    attempt_id bigint,  -- the attempt that can be undone; null: nothing was changed
    run_id bigint references guild_identity.sync_log on delete set null,
    finished_at timestamptz,
    check ((state = 'waiting') = (finished_at is null)),
    foreign key (guild_id, attempt_id) references guild_identity.fix_attempts (guild_id, id) on delete set null (attempt_id)
);

create unique index one_match_waits on guild_identity.match_requests (guild_id) where state = 'waiting';
