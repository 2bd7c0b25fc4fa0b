-- The first schema. Read it from top to bottom: a guild, what its sources say, who is who, what is wrong, what was done.
--
-- Every row of a guild carries guild_id, and every reference between rows of a guild is a pair (guild_id, id), so the
-- database itself refuses a row that would tie two guilds together.

create schema common;
create schema guild_identity;

-- What the sources say

create table guild_identity.guilds (
    id integer generated always as identity primary key,
    region text not null check (region in ('us', 'eu', 'kr', 'tw')),
    realm_slug text not null check (realm_slug <> ''),
    name_slug text not null check (name_slug <> ''),
    name text not null check (name <> ''),
    discord_guild_id text unique check (discord_guild_id ~ '^[0-9]+$'),
    audit_channel_id text check (audit_channel_id ~ '^[0-9]+$'),
    created_at timestamptz not null default now(),
    unique (region, realm_slug, name_slug)
);

create table common.guild_ranks (
    id integer generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    -- 0 is the guild master. Battle.net tells only this number; the name comes from the addon.
    wow_rank_index smallint not null check (wow_rank_index between 0 and 9),
    name text not null check (name <> ''),
    -- The name last seen in the game. When it differs from `name`, ranks were inserted, removed or renamed there, and
    -- every role mapping may be off by one: nothing is concluded from ranks until an officer has confirmed the table.
    name_in_game text,
    level integer not null,  -- higher outranks lower
    discord_role_id text check (discord_role_id ~ '^[0-9]+$'),
    discord_role_name text,
    is_role_managed boolean not null default false,
    unique (guild_id, wow_rank_index),
    unique (guild_id, id),
    check (not is_role_managed or discord_role_id is not null)
);

create table guild_identity.wow_characters (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    character_name text not null check (character_name <> '' and length(character_name) <= 48),
    name_key text not null check (name_key <> ''),  -- lower case, accents kept
    realm_slug text not null check (realm_slug <> ''),
    realm_key text not null check (realm_key <> ''),  -- letters and digits of the slug: meets the addon's realm name
    realm_name text,
    -- A character id is unique only together with its realm's id.
    blizzard_realm_id bigint,
    blizzard_character_id bigint,
    character_class text,
    level smallint check (level between 0 and 200),
    item_level smallint check (item_level >= 0),
    rank_index smallint not null check (rank_index between 0 and 9),
    guild_rank_id integer,
    last_login_timestamp bigint check (last_login_timestamp > 0),  -- milliseconds since 1970, UTC
    guild_note text,     -- null: never seen; '': seen to be empty
    officer_note text,   -- null: never seen; '': seen to be empty
    note_key text,       -- the name that the note clearly gives, if any
    first_seen timestamptz not null default now(),
    blizzard_last_sync timestamptz,
    addon_last_sync timestamptz,
    removed_at timestamptz,
    unique (guild_id, id),
    foreign key (guild_id, guild_rank_id) references common.guild_ranks (guild_id, id) on delete set null (guild_rank_id),
    -- Exclusion instead of a unique index because two characters may swap names within one sync.
    constraint one_present_character_per_name
        exclude using btree (guild_id with =, realm_slug with =, name_key with =)
        where (removed_at is null) deferrable initially deferred,
    constraint one_present_character_per_blizzard_id
        exclude using btree (guild_id with =, blizzard_realm_id with =, blizzard_character_id with =)
        where (removed_at is null) deferrable initially deferred
);

create index wow_characters_by_name on guild_identity.wow_characters (guild_id, name_key);

create table guild_identity.discord_roles (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    role_id text not null check (role_id ~ '^[0-9]+$'),
    name text not null,
    position integer not null,  -- higher outranks lower
    is_integration boolean not null,  -- belongs to a bot or a booster: nobody can give it by hand
    primary key (guild_id, role_id)
);

create table guild_identity.discord_users (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    discord_id text not null check (discord_id ~ '^[0-9]+$'),
    username text not null,
    global_name text,
    display_name text not null,
    highest_guild_role text,  -- name of the highest mapped role that the member holds
    all_guild_roles text[] not null default '{}',  -- role ids, sorted
    is_bot boolean not null default false,
    is_present boolean not null default true,
    first_seen timestamptz not null default now(),
    last_sync timestamptz not null default now(),
    unique (guild_id, discord_id),
    unique (guild_id, id)
);

-- Who is who

create table guild_identity.players (
    id bigint generated by default as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    display_name text not null check (display_name <> ''),
    discord_user_id bigint,
    main_character_id bigint,
    offspec_character_id bigint,
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, id),
    unique (guild_id, discord_user_id),
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id)
);

create table guild_identity.player_characters (
    character_id bigint primary key,  -- a character has at most one player
    player_id bigint not null,
    guild_id integer not null,
    -- manual and officer_fix are a person's decision: automation never changes them.
    link_source text not null check (link_source in ('manual', 'officer_fix', 'bulk_fix', 'auto_fix', 'full_match')),
    confidence text not null check (confidence in ('confirmed', 'exact')),
    evidence text,
    linked_by text not null,
    created_at timestamptz not null default now(),
    unique (player_id, character_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- Pointers follow links: only a linked character can be a main or an off-spec, and unlinking it clears the pointer.
alter table guild_identity.players
    add foreign key (id, main_character_id) references guild_identity.player_characters (player_id, character_id)
        on delete set null (main_character_id) deferrable initially deferred,
    add foreign key (id, offspec_character_id) references guild_identity.player_characters (player_id, character_id)
        on delete set null (offspec_character_id) deferrable initially deferred;

create index players_by_main on guild_identity.players (main_character_id) where main_character_id is not null;
create index players_by_offspec on guild_identity.players (offspec_character_id) where offspec_character_id is not null;

create table guild_identity.player_note_aliases (
    id bigint generated by default as identity primary key,
    guild_id integer not null,
    player_id bigint not null,
    alias text not null check (alias <> ''),
    alias_key text not null check (alias_key <> ''),
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, alias_key),  -- a word means one player
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- "Not this player": a person's word, which every later decision respects.
create table guild_identity.link_rejections (
    guild_id integer not null,
    character_id bigint not null,
    player_id bigint not null,
    reason text,
    rejected_by text not null,
    created_at timestamptz not null default now(),
    primary key (character_id, player_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- What is wrong

-- One row for one subject of one rule, for ever; it moves between three states:
--   open      -> dismissed (an officer, with a reason)         open      -> resolved (no longer found, fixed, by hand)
--   dismissed -> open      (an officer, or its end has come)   dismissed -> resolved (no longer found)
--   resolved  -> open      (found again)                       resolved  -> dismissed (found again while dismissed)
-- open: resolved_at null, dismissed_at null. dismissed: resolved_at null, dismissed_at set. resolved: resolved_at set.
create table guild_identity.audit_issues (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_type text not null,
    severity text not null check (severity in ('info', 'warning', 'error')),
    summary text not null check (summary <> ''),
    details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
    issue_hash text not null check (issue_hash ~ '^[0-9a-f]{64}$'),  -- of the rule and the subject's id, nothing else
    wow_character_id bigint,
    discord_member_id bigint,
    player_id bigint,
    waiting_reason text,  -- why automation leaves it to an officer; null: not tried, or nothing stands in the way
    created_at timestamptz not null default now(),
    opened_at timestamptz not null default now(),  -- last opened or reopened
    notified_at timestamptz,
    resolved_at timestamptz,
    resolved_by text,
    dismissed_at timestamptz,
    dismissed_by text,
    dismissed_reason text,
    dismissed_until timestamptz,
    unique (guild_id, id),
    check ((resolved_at is null) = (resolved_by is null)),
    check ((dismissed_at is null) = (dismissed_by is null)),
    check ((dismissed_at is null) = (dismissed_reason is null)),
    check (dismissed_until is null or dismissed_at is not null),
    foreign key (guild_id, wow_character_id)
        references guild_identity.wow_characters (guild_id, id) on delete set null (wow_character_id),
    foreign key (guild_id, discord_member_id)
        references guild_identity.discord_users (guild_id, id) on delete set null (discord_member_id),
    foreign key (guild_id, player_id)
        references guild_identity.players (guild_id, id) on delete set null (player_id)
);

create unique index one_issue_per_subject on guild_identity.audit_issues (guild_id, issue_hash);
create index unresolved_issues_by_rule on guild_identity.audit_issues (guild_id, issue_type, opened_at desc)
    where resolved_at is null;
create index recent_issues on guild_identity.audit_issues (guild_id, opened_at desc, id desc);
create index issues_of_character on guild_identity.audit_issues (wow_character_id) where wow_character_id is not null;
create index issues_of_member on guild_identity.audit_issues (discord_member_id) where discord_member_id is not null;
create index issues_of_player on guild_identity.audit_issues (player_id) where player_id is not null;

create table guild_identity.issue_events (
    id bigint generated always as identity primary key,
    guild_id integer not null,
    issue_id bigint not null,
    event text not null check (event in ('opened', 'refreshed', 'reopened', 'resolved', 'dismissed', 'woken')),
    actor text not null,
    reason text,
    at timestamptz not null default now(),
    foreign key (guild_id, issue_id) references guild_identity.audit_issues (guild_id, id) on delete cascade
);

create index issue_events_of_issue on guild_identity.issue_events (issue_id, id);
create index issue_events_by_time on guild_identity.issue_events (guild_id, event, at);

-- What was done

-- A plan that was carried out, or refused on an officer's command. `changes` holds each row before and after, in the
-- order of writing; undoing walks it backwards and refuses when a row no longer holds what was written.
create table guild_identity.fix_attempts (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_id bigint,  -- null: a full match, which belongs to no single issue
    issue_type text not null,
    actor text not null,
    is_automatic boolean not null,
    outcome text not null check (outcome in ('fixed', 'refused', 'failed')),
    reason text not null,
    plan jsonb not null default '[]',
    plan_key text,  -- what the plan would do, hashed: an undone plan is not repeated by automation
    changes jsonb not null default '[]',
    started_at timestamptz not null default now(),
    duration_ms integer not null check (duration_ms >= 0),
    undone_at timestamptz,
    undone_by text,
    unique (guild_id, id),
    check ((undone_at is null) = (undone_by is null)),
    foreign key (guild_id, issue_id) references guild_identity.audit_issues (guild_id, id) on delete set null (issue_id)
);

create index fix_attempts_of_issue on guild_identity.fix_attempts (issue_id, id);
create index fix_attempts_by_time on guild_identity.fix_attempts (guild_id, started_at desc);
create index undone_plans on guild_identity.fix_attempts (guild_id, plan_key) where undone_at is not null;

create table guild_identity.sync_log (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    pipeline text not null,
    actor text not null,
    status text not null check (status in ('running', 'done', 'partial', 'failed')),
    steps jsonb not null default '[]',
    error text,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((status = 'running') = (finished_at is null))
);

create index sync_log_by_time on guild_identity.sync_log (guild_id, started_at desc);

-- Settings and people who may change things

create table guild_identity.rule_settings (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_type text not null,
    is_enabled boolean not null default true,
    auto_mitigate boolean,  -- null: as the rulebook says
    severity text check (severity in ('info', 'warning', 'error')),
    parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
    updated_by text not null,
    updated_at timestamptz not null default now(),
    primary key (guild_id, issue_type)
);

create table common.admin_accounts (
    id integer generated always as identity primary key,
    name text not null unique check (name <> ''),
    created_at timestamptz not null default now()
);

-- Secrets are kept as SHA-256 of 32 random bytes: enough where the secret itself cannot be guessed.
create table common.login_links (
    token_hash text primary key,
    account_id integer not null references common.admin_accounts on delete cascade,
    expires_at timestamptz not null,
    used_at timestamptz
);

create table common.web_sessions (
    token_hash text primary key,
    account_id integer not null references common.admin_accounts on delete cascade,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create table common.api_tokens (
    id integer generated always as identity primary key,
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: every guild of this installation
    name text not null check (name <> ''),
    token_hash text not null unique,
    created_by text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
