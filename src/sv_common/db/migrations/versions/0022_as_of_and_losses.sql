-- As of when something is known: the moment when the fetch that told it began. What began earlier changes nothing.
alter table guild_identity.guilds
    add column roster_as_of timestamptz,   -- null: no roster was taken in yet
    add column members_as_of timestamptz;  -- null: no member list of Discord was taken in yet

-- Roles are written by the member list and by fixes, each member's at another time.
alter table guild_identity.discord_users add column roles_as_of timestamptz;

-- Whom a refused list would have marked as gone: one row for a source of a guild while it waits for an officer.
create table guild_identity.held_losses (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    source text not null check (source in ('battlenet', 'discord')),
    subject_ids bigint[] not null check (cardinality(subject_ids) > 0),  -- of wow_characters or discord_users, sorted
    known integer not null check (known > 0),  -- how many were known before
    refused_at timestamptz not null default now(),
    released_at timestamptz,  -- an officer said that just these may go; the next list that is taken in ends it
    released_by text,
    primary key (guild_id, source),
    check ((released_at is null) = (released_by is null))
);

-- Under which addresses Battle.net knew a guild before, and who said that it has another.
create table guild_identity.former_addresses (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    region text not null,
    realm_slug text not null,
    name_slug text not null,
    name text not null,
    left_at timestamptz not null default now(),
    changed_by text not null
);

create index former_addresses_of_guild on guild_identity.former_addresses (guild_id, left_at desc);

-- The planner looks every minute for runs that were cut off.
create index running_runs on guild_identity.sync_log (guild_id) where status = 'running';
