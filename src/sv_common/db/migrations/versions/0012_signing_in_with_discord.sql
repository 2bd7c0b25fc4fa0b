-- Local accounts (signed in by link) have a role of their own, and may be bound to one guild. What a person of Discord may
-- do is asked from `guild_authority` each time, so nothing of it stands here.
alter table common.admin_accounts
    add column discord_id text unique check (discord_id ~ '^[0-9]+$'),
    add column role text check (role in ('viewer', 'officer', 'administrator')),
    add column guild_id integer references guild_identity.guilds on delete cascade;

update common.admin_accounts set role = 'administrator';

alter table common.admin_accounts
    add check ((discord_id is null) = (role is not null)),
    add check (discord_id is null or guild_id is null),
    drop constraint admin_accounts_name_key;

create unique index admin_accounts_by_name on common.admin_accounts (name) where discord_id is null;

-- The guild that a person of Discord has chosen; null: none yet, or a local account.
alter table common.web_sessions
    add column guild_id integer references guild_identity.guilds on delete cascade,
    add column last_seen_at timestamptz not null default now();

-- Sign-ins that were begun: the hash of what Discord will send back together with what the browser keeps. Each is used once.
create table common.discord_sign_ins (
    proof_hash text primary key,
    expires_at timestamptz not null
);

-- What gives a role: a Discord role of the guild's server (its id), or a rank in the game (its number).
create table common.guild_authority (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind in ('discord_role', 'rank')),
    key text not null check (key ~ '^[0-9]+$'),
    role text not null check (role in ('none', 'viewer', 'officer', 'administrator')),
    set_by text not null,
    set_at timestamptz not null default now(),
    primary key (guild_id, kind, key)
);

-- With the default: a guild's master is its administrator until somebody says otherwise.
create view common.guild_authority_in_force as
select guild_id, kind, key, role, set_by, set_at from common.guild_authority
union all
select g.id, 'rank', '0', 'administrator', null, null
from guild_identity.guilds g
where not exists (select from common.guild_authority a where (a.guild_id, a.kind, a.key) = (g.id, 'rank', '0'));

-- That a character is a Discord member's, on an administrator's word. Notes, names on Discord and links are within the
-- reach of officers and others, so a rank makes nobody an administrator without it; it ends when the link changes.
create table common.vouched_links (
    guild_id integer not null,
    character_id bigint not null,
    player_id bigint not null,
    discord_user_id bigint not null,
    vouched_by text not null,
    vouched_at timestamptz not null default now(),
    primary key (character_id, player_id, discord_user_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

create index discord_users_by_discord_id on guild_identity.discord_users (discord_id);

-- Until now a token of the API could do whatever an officer can.
alter table common.api_tokens drop constraint api_tokens_scope_check;
update common.api_tokens set scope = 'write' where scope = 'api';
alter table common.api_tokens
    alter column scope set default 'write',
    add constraint api_tokens_scope_check check (scope in ('read', 'write', 'admin', 'metrics'));
