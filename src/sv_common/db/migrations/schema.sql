-- The whole schema, in the order in which it is understood: a guild, what its sources say, who is who, what is wrong,
-- what was done, runs and jobs, messages to officers, settings, and who may use the product.
--
-- Every row of a guild has guild_id, and so has each key of it: a reference between rows of a guild holds the guild, so the
-- database itself refuses a row that would connect two guilds. The guild stands first in keys, so that each statement can read
-- the rows of one guild and no others. `as_of` columns hold the moment when the fetch began that told a fact.
--
-- The queue (schema jobs) is procrastinate's; queue.sql makes it before this file runs.

create schema common;
create schema guild_identity;


-- 1. Guilds and what their sources say

create table guild_identity.guilds (
    id integer generated always as identity primary key,
    -- The address on Battle.net. It may change; nothing of the guild is keyed by it.
    region text not null check (region in ('us', 'eu', 'kr', 'tw')),
    realm_slug text not null check (realm_slug <> ''),
    name_slug text not null check (name_slug <> ''),
    name text not null check (name <> ''),
    discord_guild_id text unique check (discord_guild_id ~ '^[0-9]+$'),
    audit_channel_id text check (audit_channel_id ~ '^[0-9]+$'),  -- the Discord channel for reports
    language text not null default 'en' check (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),  -- of all that is said about the guild
    created_at timestamptz not null default now(),
    roster_as_of timestamptz,   -- null: no roster was synced yet
    members_as_of timestamptz,  -- null: no member list of Discord was synced yet
    characters integer not null default 0 check (characters >= 0),  -- in the last roster: the guild's part of all requests
    unique (region, realm_slug, name_slug)
);

-- The language of a guild or, where none is asked for, of the only one; null where it is not clear which guild is meant.
create function guild_identity.spoken_language(asked integer) returns text
    language sql stable parallel safe
    return case when asked is not null then (select language from guild_identity.guilds where id = asked)
                else (select min(language) from (select language from guild_identity.guilds limit 2) few having count(*) = 1)
           end;

-- Earlier addresses of a guild, and the officer who changed each.
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

-- The realms of each region: the game client writes a realm's name in its own language, and the slug does not follow from it.
create table common.realms (
    region text not null check (region in ('us', 'eu', 'kr', 'tw')),
    realm_id bigint not null,
    slug text not null check (slug <> ''),
    names text[] not null,  -- in the languages of the region, each name once, the region's first language first
    fetched_at timestamptz not null default now(),
    primary key (region, realm_id)
);

create table common.guild_ranks (
    id integer generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    wow_rank_index smallint not null check (wow_rank_index between 0 and 9),  -- 0 is the guild master
    name text not null check (name <> ''),  -- from the addon or an officer: Battle.net has only the index
    -- The name last seen in the game. When it differs from `name`, ranks were inserted, removed or renamed there and every
    -- role mapping may be off by one: nothing is concluded from ranks until an officer has confirmed the table.
    name_in_game text,
    name_as_of timestamptz,  -- of name_in_game
    level integer not null,  -- higher outranks lower
    discord_role_id text check (discord_role_id ~ '^[0-9]+$'),
    discord_role_name text,
    is_role_managed boolean not null default false,
    is_without_role boolean not null default false,  -- an officer decided so; else a missing role may have been forgotten
    unique (guild_id, wow_rank_index),
    unique (guild_id, id),
    check (not is_role_managed or discord_role_id is not null),
    check (not is_without_role or discord_role_id is null)
);

create table guild_identity.wow_characters (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    character_name text not null check (character_name <> '' and length(character_name) <= 48),
    name_key text not null check (name_key <> ''),  -- lower case, accents kept
    realm_slug text not null check (realm_slug <> ''),
    realm_key text not null check (realm_key <> ''),  -- letters and digits of the slug: compared with the addon's realm name
    realm_name text,
    blizzard_realm_id bigint,
    blizzard_character_id bigint,  -- unique only together with the realm's id
    character_class text,
    level smallint check (level between 0 and 200),
    item_level smallint check (item_level >= 0),
    rank_index smallint not null check (rank_index between 0 and 9),
    guild_rank_id integer,
    -- The rank index when the rank table last fitted. A promotion moves it along; when whole ranks move at once it stays
    -- behind, until the addon has named the ranks or an officer has confirmed the table. Null: not known yet.
    settled_rank_index smallint check (settled_rank_index between 0 and 9),
    settled_rank_as_of timestamptz,
    last_login_timestamp bigint check (last_login_timestamp > 0),  -- milliseconds since 1970, UTC
    guild_note text,    -- null: never seen; '': seen to be empty
    guild_note_as_of timestamptz,
    officer_note text,  -- null: never seen; '': seen to be empty
    officer_note_as_of timestamptz,
    note_key text,      -- the name that the note clearly gives, if any
    first_seen timestamptz not null default now(),
    blizzard_last_sync timestamptz,  -- when a roster last changed something of it
    addon_last_sync timestamptz,  -- when an export last changed something of it
    removed_at timestamptz,  -- left the guild; null: in it
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

-- What the newest export saw to be as it was known: so an export that brings nothing new writes one row, and not one for
-- each character. `as_of` counts for the facts of these characters (by number) and for the names of these ranks (by index),
-- as long as their own rows do not tell a later time.
create table guild_identity.last_exports (
    guild_id integer primary key references guild_identity.guilds on delete cascade,
    as_of timestamptz not null,
    notes int8multirange not null,
    officer_notes int8multirange not null,
    ranks int8multirange not null,
    rank_names int8multirange not null
);

-- Of when the facts of each character are that the addon tells. A time that lies in the future was written by a clock that
-- was wrong, and counts as not known.
create view guild_identity.addon_facts as
select c.guild_id, c.id as character_id,
       greatest(case when c.guild_note_as_of <= clock_timestamp() then c.guild_note_as_of end,
                case when e.notes @> c.id then e.as_of end) as guild_note_as_of,
       greatest(case when c.officer_note_as_of <= clock_timestamp() then c.officer_note_as_of end,
                case when e.officer_notes @> c.id then e.as_of end) as officer_note_as_of,
       greatest(case when c.settled_rank_as_of <= clock_timestamp() then c.settled_rank_as_of end,
                case when e.ranks @> c.id then e.as_of end) as settled_rank_as_of
from guild_identity.wow_characters c
left join guild_identity.last_exports e on e.guild_id = c.guild_id and e.as_of <= clock_timestamp();

-- Guilds in which ranks were left by all who held them, and by how many; fewer than three may be promotions.
create view guild_identity.moved_ranks as
select guild_id, sum(characters)::integer as characters
from (
    select guild_id, settled_rank_index, count(*) as characters
    from guild_identity.wow_characters
    where removed_at is null and settled_rank_index is not null
    group by guild_id, settled_rank_index
    having bool_and(rank_index <> settled_rank_index)
) abandoned
group by guild_id
having sum(characters) >= 3;

-- When each character's profile was requested and fetched. The content is in wow_characters (item_level and
-- last_login_timestamp): it may be kept for 30 days from fetched_at, and not after Battle.net confirmed that it is gone.
create table guild_identity.character_profiles (
    character_id bigint not null,
    guild_id integer not null,
    requested_at timestamptz not null,  -- the last request, successful or not
    fetched_at timestamptz,         -- the last success; null: never
    gone_since timestamptz,         -- Battle.net first said that the character is gone; null: it does not say so
    gone_confirmed_at timestamptz,  -- it said so again at least a day later, and the profile's content was erased
    primary key (guild_id, character_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    check (gone_confirmed_at is null or gone_since is not null)
);

-- What is kept of the battle pets of a character, or of its achievements where Battle.net refuses the pets: keyed hashes, eight
-- bytes each (accounts/sketch.py, accounts/earned.py). The key is made of the installation's secret and the guild's salt, so
-- nobody can tell pets or times by them, nor compare two guilds.
create table guild_identity.account_evidence (
    character_id bigint not null,
    guild_id integer not null,
    requested_at timestamptz not null,  -- the last request, successful or not
    outcome text not null check (outcome in ('read', 'refused', 'failed')),  -- of that request
    oldest bytea,        -- of the oldest pets; null, like the next two: no pets were read
    by_hash bytea,       -- the smallest hashes
    pets integer check (pets >= 0),
    achievements bytea,  -- of each achievement with its minute, and of the minute; null: no achievements were read
    read_at timestamptz,
    -- A reading that says another account than the one above. It takes its place when a second one says the same.
    doubted_oldest bytea,
    doubted_by_hash bytea,
    doubted_pets integer check (doubted_pets >= 0),
    doubted_achievements bytea,
    doubted_read_at timestamptz,
    account bigint,  -- the lowest number of the characters of the same account when they were last compared; null: known of none
    primary key (guild_id, character_id),
    constraint whole_reading
        check (num_nulls(oldest, by_hash, pets) in (0, 3) and num_nonnulls(pets, achievements) = num_nonnulls(read_at)),
    constraint whole_doubted_reading
        check (num_nulls(doubted_oldest, doubted_by_hash, doubted_pets) in (0, 3)
               and num_nonnulls(doubted_pets, doubted_achievements) = num_nonnulls(doubted_read_at)),
    check (account is null or read_at is not null),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade
);

-- Characters of players who do not want to be compared, and those that were known to be of the same account then: nothing is
-- read for them, nor for other characters of the player who objects. Of which objection one of the account is a part, only a keyed hash
-- can tell, `part_of`, another one in each row. When a character is erased, the hash stays (accounts/objections.py): it names
-- nobody, and finds the character if it comes back. `created_at` is a day, so that no moment tells what belongs together.
create table guild_identity.account_objections (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    key bytea not null check (octet_length(key) = 32),
    character_id bigint,
    part_of bytea check (octet_length(part_of) = 32),  -- null: its own player objects
    objected_by text not null,  -- who said so, or wrote it down
    created_at timestamptz not null default date_trunc('day', now()),
    primary key (guild_id, key),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete set null (character_id)
);
create index account_objections_of_character on guild_identity.account_objections (guild_id, character_id);

create table guild_identity.discord_roles (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    role_id text not null check (role_id ~ '^[0-9]+$'),
    name text not null,
    position integer not null,  -- higher outranks lower
    is_integration boolean not null,  -- belongs to a bot or a booster: no person can give it
    is_administrative boolean not null default true,  -- has power on the server; assumed until a sync says otherwise
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
    -- Since when the roles are known to be these: the last list that changed them, or a look after a fix. A member on the
    -- server was also on the list of guilds.members_as_of, with these roles if that is the later one.
    roles_as_of timestamptz,
    is_bot boolean not null default false,
    is_present boolean not null default true,
    first_seen timestamptz not null default now(),
    last_sync timestamptz not null default now(),  -- the last one that changed the row
    unique (guild_id, discord_id),
    unique (guild_id, id)
);

create index discord_users_by_discord_id on guild_identity.discord_users (discord_id);

-- Earlier names of a character or a Discord member. A note that uses one may still mean them; it proves nothing new.
create table guild_identity.former_names (
    id bigint generated always as identity primary key,
    guild_id integer not null,
    character_id bigint,
    discord_user_id bigint,
    name text not null check (name <> ''),
    until timestamptz not null default now(),  -- when a sync first saw another name
    check (num_nonnulls(character_id, discord_user_id) = 1),
    unique (guild_id, character_id, name),
    unique (guild_id, discord_user_id, name),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

-- Characters or members that a refused list would have marked as gone: one row per source while it needs an officer's review.
create table guild_identity.held_losses (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    source text not null check (source in ('battlenet', 'discord')),
    subject_ids bigint[] not null check (cardinality(subject_ids) > 0),  -- of wow_characters or discord_users, sorted
    known integer not null check (known > 0),  -- how many were known before
    refused_at timestamptz not null default now(),
    released_at timestamptz,  -- an officer allowed exactly these losses; the next accepted list deletes the row
    released_by text,
    primary key (guild_id, source),
    check ((released_at is null) = (released_by is null))
);


-- 2. Who is who

create table guild_identity.players (
    id bigint generated by default as identity primary key,  -- by default: an undo restores a player with its id
    guild_id integer not null references guild_identity.guilds on delete cascade,
    display_name text not null check (display_name <> ''),
    discord_user_id bigint,
    -- What the link to the Discord member rests on, and who confirmed it; as in player_characters.
    discord_basis text check (discord_basis in ('proven', 'officer', 'account', 'note', 'name')),
    discord_confirmed_by text,
    discord_confirmed_at timestamptz,
    main_character_id bigint,
    offspec_character_id bigint,
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, id),
    unique (guild_id, discord_user_id),
    constraint discord_confirmed_by_whom check ((discord_confirmed_by is null) = (discord_confirmed_at is null)),
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id)
);

create table guild_identity.player_characters (
    character_id bigint not null,
    player_id bigint not null,
    guild_id integer not null,
    -- manual and officer_fix are an officer's decision, claim is the owner's own sign-in: automation never changes them.
    link_source text not null
        check (link_source in ('manual', 'officer_fix', 'bulk_fix', 'auto_fix', 'full_match', 'claim')),
    confidence text not null check (confidence in ('confirmed', 'exact')),
    evidence text,
    -- What the link rests on, strongest first: the game's own sign-in, an officer's decision about this very link, the same
    -- account as a proven or an officer's link, a note, a name that is the same on Discord.
    basis text not null check (basis in ('proven', 'officer', 'account', 'note', 'name')),
    basis_note text,  -- the guild note under which the link was made or last confirmed; null: none was known
    confirmed_by text,  -- the officer who made or confirmed the link; null: none
    confirmed_at timestamptz,
    linked_by text not null,
    created_at timestamptz not null default now(),
    primary key (guild_id, character_id),  -- a character has at most one player
    unique (guild_id, player_id, character_id),
    constraint confirmed_by_whom check ((confirmed_by is null) = (confirmed_at is null)),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- Only a linked character can be a main or an off-spec; unlinking it clears the pointer.
alter table guild_identity.players
    add foreign key (guild_id, id, main_character_id)
        references guild_identity.player_characters (guild_id, player_id, character_id)
        on delete set null (main_character_id) deferrable initially deferred,
    add foreign key (guild_id, id, offspec_character_id)
        references guild_identity.player_characters (guild_id, player_id, character_id)
        on delete set null (offspec_character_id) deferrable initially deferred;

create index players_by_main on guild_identity.players (guild_id, main_character_id) where main_character_id is not null;
create index players_by_offspec on guild_identity.players (guild_id, offspec_character_id) where offspec_character_id is not null;

-- Characters that a person, or the game itself, connected with a Discord member: both links of the way.
create view guild_identity.confirmed_characters as
select l.guild_id, l.character_id, l.player_id, p.discord_user_id
from guild_identity.player_characters l
join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where p.discord_user_id is not null
  and (l.basis = 'proven' or l.confirmed_by is not null)
  and (p.discord_basis = 'proven' or p.discord_confirmed_by is not null);

-- An administrator's word that a character is a Discord member's. Notes, Discord names and links are within the reach of
-- officers, so a rank makes nobody an administrator without it; it ends when the link changes.
create table common.confirmed_links (
    guild_id integer not null,
    character_id bigint not null,
    player_id bigint not null,
    discord_user_id bigint not null,
    confirmed_by text not null,
    confirmed_at timestamptz not null default now(),
    primary key (guild_id, character_id, player_id, discord_user_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

-- Other names of a player in notes.
create table guild_identity.player_note_aliases (
    id bigint generated by default as identity primary key,
    guild_id integer not null,
    player_id bigint not null,
    alias text not null check (alias <> ''),
    alias_key text not null check (alias_key <> ''),
    source text not null default 'person' check (source in ('person', 'match')),  -- an officer gave it; a full match learned it
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, alias_key),  -- a word means one player
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- Lower case in every alphabet, whatever locale the database was made with: in one of locale C, `lower` alone knows ASCII
-- only. PostgreSQL has brought a collation of its own for this since 17; before that, the one of ICU.
do $do$
declare
    folding text := coalesce((select min(collname) from pg_collation where collname = 'pg_c_utf8'),
                             (select min(collname) from pg_collation where collname = 'und-x-icu'), 'default');
begin
    execute format('create function guild_identity.lowered(words text) returns text
                        language sql immutable strict parallel safe return lower(words collate %I)', folding);
end
$do$;

-- A learned alias counts as long as a note of one of the player's own characters has it. In any other note the word may
-- mean another player by now.
create view guild_identity.aliases_in_use as
select a.*
from guild_identity.player_note_aliases a
where a.source = 'person'
   or exists (
        select
        from guild_identity.player_characters l
        join guild_identity.wow_characters c on c.id = l.character_id
        where l.guild_id = a.guild_id and l.player_id = a.player_id
          and position(a.alias_key in normalize(guild_identity.lowered(c.guild_note), NFC)) > 0
   );

-- An officer's "no", about a character and a player or about a player and a Discord member. Evidence does not link the two
-- again; an officer who links them undoes the rejection.
create table guild_identity.link_rejections (
    id bigint generated always as identity primary key,
    guild_id integer not null,
    character_id bigint,
    discord_user_id bigint,
    player_id bigint not null,
    is_unlinking boolean not null default false,  -- the officer unlinked them, which says less than "not this player"
    reason text,
    rejected_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, character_id, player_id),
    unique (guild_id, discord_user_id, player_id),
    constraint rejected_of_what check (num_nonnulls(character_id, discord_user_id) = 1),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

-- An officer's decision that a character has no player: a bank, or one that several people play. No evidence links it,
-- and it cannot be in player_characters as well.
create table guild_identity.shared_characters (
    character_id bigint not null,
    guild_id integer not null,
    reason text not null check (reason <> ''),
    marked_by text not null,
    created_at timestamptz not null default now(),
    primary key (guild_id, character_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade
);

-- An officer's word that several people play on the account of a character. Of such an account nothing is concluded, whatever
-- is read later; it holds for every character that is of the same account then.
create table guild_identity.shared_accounts (
    character_id bigint not null,
    guild_id integer not null,
    reason text not null check (reason <> ''),
    marked_by text not null,
    created_at timestamptz not null default now(),
    primary key (guild_id, character_id),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade
);

-- An officer's word that a player is away. While it lasts, no character of the player is stale; it ends on its day.
create table guild_identity.hiatuses (
    id bigint generated by default as identity primary key,
    guild_id integer not null,
    player_id bigint not null,
    until date,  -- the day (UTC) on which the player is back; null: nobody knows
    reason text not null check (reason <> ''),
    set_by text not null,
    created_at timestamptz not null default now(),
    unique (guild_id, player_id),
    foreign key (guild_id, player_id) references guild_identity.players (guild_id, id) on delete cascade
);

-- Battle.net accounts with which Discord members have signed in, to prove which characters are theirs. Of the account only a
-- hash is kept, made with the installation's secret, so that a second person cannot claim the same one unnoticed.
create table guild_identity.claims (
    id bigint generated always as identity,
    guild_id integer not null,
    discord_user_id bigint not null,
    account_hash bytea not null check (length(account_hash) = 32),
    claimed_at timestamptz not null default now(),  -- the last sign-in: proof has a date
    primary key (guild_id, id),
    unique (guild_id, account_hash),
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

create index claims_of_member on guild_identity.claims (guild_id, discord_user_id);

-- The characters that a sign-in has proven to be the member's and that they confirmed. One outside of the guild is there only
-- where the member wanted that, and is known by its numbers on Battle.net alone.
create table guild_identity.claimed_characters (
    guild_id integer not null,
    claim_id bigint not null,
    region text not null check (region in ('us', 'eu', 'kr', 'tw')),
    realm_id bigint not null,
    blizzard_character_id bigint not null,  -- unique only together with region and realm
    name text not null check (name <> ''),
    realm_slug text not null check (realm_slug <> ''),
    character_id bigint,  -- null: not in the guild
    proven_at timestamptz not null default now(),
    primary key (guild_id, claim_id, region, realm_id, blizzard_character_id),
    foreign key (guild_id, claim_id) references guild_identity.claims (guild_id, id) on delete cascade,
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade
);

create index claimed_characters_here on guild_identity.claimed_characters (guild_id, character_id) where character_id is not null;

-- The claimed characters that are in the guild now. One that was outside when its member claimed it is known again by its
-- numbers on Battle.net as soon as it joins.
create view guild_identity.claimed_here as
select k.guild_id, k.claim_id, m.discord_user_id, k.character_id, k.proven_at, false as was_outside
from guild_identity.claimed_characters k
join guild_identity.claims m on m.guild_id = k.guild_id and m.id = k.claim_id
join guild_identity.wow_characters c on c.guild_id = k.guild_id and c.id = k.character_id
where c.removed_at is null
union all
select k.guild_id, k.claim_id, m.discord_user_id, c.id, k.proven_at, true
from guild_identity.claimed_characters k
join guild_identity.claims m on m.guild_id = k.guild_id and m.id = k.claim_id
join guild_identity.wow_characters c
    on c.guild_id = k.guild_id and c.blizzard_realm_id = k.realm_id and c.blizzard_character_id = k.blizzard_character_id
where k.character_id is null and c.removed_at is null;

-- What a sign-in has read and its member has not confirmed yet: for an hour at most, the newest of each member.
create table guild_identity.claim_readings (
    guild_id integer not null,
    discord_user_id bigint not null,
    account_hash bytea not null check (length(account_hash) = 32),
    characters jsonb not null,
    read_at timestamptz not null default now(),
    primary key (guild_id, discord_user_id),
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

-- A member who signed in with an account that another member has claimed: an officer decides whose it is.
create table guild_identity.claim_contests (
    guild_id integer not null,
    claim_id bigint not null,
    discord_user_id bigint not null,
    contested_at timestamptz not null default now(),
    primary key (guild_id, claim_id, discord_user_id),
    foreign key (guild_id, claim_id) references guild_identity.claims (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

-- Words that a guild reads differently from the vocabulary that comes with the engine.
create table guild_identity.guild_words (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    word text not null check (word <> ''),
    category text check (category <> ''),  -- what the word is in this guild; null: no such word here, it may be a name
    updated_by text not null,
    updated_at timestamptz not null default now(),
    primary key (guild_id, word)
);


-- 3. What is wrong

-- How text is searched: without case, accents and ligatures. The keys of names keep accents, because they tell people apart.
create function guild_identity.search_key(words text) returns text
    language sql immutable strict parallel safe
    return translate(replace(replace(
        guild_identity.lowered(regexp_replace(normalize(words, nfkd), U&'[\0300-\036F]', '', 'g')),
        'ß', 'ss'), 'æ', 'ae'), 'øłđðıŧς', 'oldditσ');

-- One row for each subject of a rule, until it was resolved for longer than the guild keeps it. It has three states:
--   open      -> dismissed (an officer, with a reason)         open      -> resolved (no longer found, or fixed)
--   dismissed -> open      (an officer, or its time is over)   dismissed -> resolved (no longer found)
--   resolved  -> open      (found again)                       resolved  -> dismissed (found again while dismissed)
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
    -- The material part of the last finding, by name: {"note": {"value": …, "at": …, "now": …, "place": …}}; and as it was
    -- when an officer dismissed the issue. A dismissal hides a finding as long as each value of its own is the same.
    material jsonb not null default '{}' check (jsonb_typeof(material) = 'object'),
    dismissed_material jsonb check (jsonb_typeof(dismissed_material) = 'object'),
    -- Of all that the last finding said: one with the same key changes nothing. Null: what the row says was changed since.
    finding_key text,
    review_reason text,  -- why automation leaves it to an officer; null: not tried, or nothing prevents it
    created_at timestamptz not null default now(),
    opened_at timestamptz not null default now(),  -- last opened or recurred
    notified_at timestamptz,
    resolved_at timestamptz,
    resolved_by text,
    dismissed_at timestamptz,
    dismissed_by text,
    dismissed_reason text,
    dismissed_until timestamptz,
    state text not null generated always as (
        case when resolved_at is not null then 'resolved' when dismissed_at is not null then 'dismissed' else 'open' end
    ) stored,
    -- The beginning is enough to find an issue, and always fits into an index.
    search_text text not null generated always as (left(guild_identity.search_key(summary), 300)) stored,
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
create index issues_by_state on guild_identity.audit_issues (guild_id, state, opened_at desc, id desc)
    include (issue_type, severity, search_text, wow_character_id, discord_member_id, player_id);
create index dismissals on guild_identity.audit_issues (guild_id, dismissed_at desc, id desc)
    where dismissed_at is not null;
create index ends_of_dismissals on guild_identity.audit_issues (guild_id, dismissed_until) where dismissed_until is not null;
create index issues_of_character on guild_identity.audit_issues (guild_id, wow_character_id) where wow_character_id is not null;
create index issues_of_member on guild_identity.audit_issues (guild_id, discord_member_id) where discord_member_id is not null;
create index issues_of_player on guild_identity.audit_issues (guild_id, player_id) where player_id is not null;

create table guild_identity.issue_events (
    id bigint generated always as identity primary key,
    guild_id integer not null,
    issue_id bigint not null,
    issue_type text not null,
    event text not null check (event in ('opened', 'refreshed', 'recurred', 'resolved', 'dismissed', 'reopened')),
    open_change smallint not null check (open_change between -1 and 1),  -- by how much it changed the number of open issues
    actor text not null,
    reason text,
    at timestamptz not null default now(),
    -- What an officer's word has replaced, for its undo: the columns of the issue before it; null where it is no such word.
    before jsonb check (jsonb_typeof(before) = 'object'),
    undoes bigint,  -- the word that this one undid
    unique (guild_id, id),
    foreign key (guild_id, issue_id) references guild_identity.audit_issues (guild_id, id) on delete cascade,
    foreign key (guild_id, undoes) references guild_identity.issue_events (guild_id, id) on delete set null (undoes)
);

create index issue_events_of_issue on guild_identity.issue_events (guild_id, issue_id, id);
create index issue_events_by_time on guild_identity.issue_events (guild_id, event, at);
create index issue_events_undoing on guild_identity.issue_events (undoes) where undoes is not null;
create index issue_events_of_rule on guild_identity.issue_events (guild_id, issue_type, event, at);
create index recent_issue_events on guild_identity.issue_events (guild_id, at)
    include (issue_type, event, open_change) where event <> 'refreshed';


-- 4. What was done

-- A changeset that was applied, or refused on an officer's command. One that changes roles on Discord is stored first:
--   running -> fixed, failed   (done, checked and recorded; or found on Discord after the worker died)
--   running -> unverified      (Discord was told to, and nothing could check whether it did)
create table guild_identity.fix_attempts (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_id bigint,  -- null: a full match or a decision, which belongs to no single issue
    issue_type text not null,
    actor text not null,
    is_automatic boolean not null,
    outcome text not null check (outcome in ('running', 'fixed', 'refused', 'failed', 'unverified')),
    reason text not null,
    plan jsonb not null default '[]',
    plan_key text,  -- what the plan would do, hashed: automation does not repeat an undone plan
    intended jsonb not null default '[]',  -- the role changes that were about to be made, in the shape of `changes`
    -- Each row before and after, in the order of writing. An undo goes backwards and refuses a row that has changed since.
    changes jsonb not null default '[]',
    started_at timestamptz not null default now(),
    duration_ms integer not null check (duration_ms >= 0),
    undoing_at timestamptz,  -- an undo of roles has begun; null again when it is finished and checked
    undoing_by text,
    undone_changes jsonb not null default '[]',  -- what a partial undo has undone; `changes` keeps the rest
    partly_undone_at timestamptz,
    partly_undone_by text,
    undone_at timestamptz,
    undone_by text,
    undone_reason text,  -- why it was undone, whole or in part, where somebody said so
    -- Whether it tells which characters belong to one Battle.net account: only officers see it.
    is_of_accounts boolean not null generated always as (
        issue_type = 'account_conflict' or changes @> '[{"table": "account"}]' or undone_changes @> '[{"table": "account"}]'
    ) stored,
    unique (guild_id, id),
    constraint running_has_an_intent check (outcome <> 'running' or intended <> '[]'),
    constraint undoing_by_whom check ((undoing_at is null) = (undoing_by is null)),
    constraint partly_undone_by_whom
        check ((undone_changes = '[]') = (partly_undone_at is null) and (partly_undone_at is null) = (partly_undone_by is null)),
    check ((undone_at is null) = (undone_by is null)),
    constraint undone_is_not_being_undone check (undone_at is null or undoing_at is null),
    foreign key (guild_id, issue_id) references guild_identity.audit_issues (guild_id, id) on delete set null (issue_id)
);

create index fix_attempts_of_issue on guild_identity.fix_attempts (guild_id, issue_id, id);
create index fix_attempts_by_time on guild_identity.fix_attempts (guild_id, started_at desc);
create index recent_fix_attempts on guild_identity.fix_attempts (guild_id, started_at)
    include (issue_type, outcome, is_automatic, undone_at, is_of_accounts);
create index undone_plans on guild_identity.fix_attempts (guild_id, plan_key) where undone_at is not null;
create index automatic_fixes on guild_identity.fix_attempts (guild_id, issue_type)
    where is_automatic and outcome = 'fixed';
create index full_matches on guild_identity.fix_attempts (guild_id, id) where issue_type = 'full_match';
create index unfinished_attempts on guild_identity.fix_attempts (guild_id, id)
    where outcome = 'running' or undoing_at is not null;


-- 5. Runs of pipelines, uploads and what officers requested

create table guild_identity.sync_log (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    pipeline text not null,
    actor text not null,
    -- superseded: a newer export had told everything already, which is neither good nor a failure.
    status text not null check (status in ('running', 'done', 'partial', 'superseded', 'failed')),
    steps jsonb not null default '[]',
    error text,
    as_of timestamptz,  -- how recent the source's news are since the run; null: as of its end
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    unique (guild_id, id),
    check ((status = 'running') = (finished_at is null))
);

create index sync_log_by_time on guild_identity.sync_log (guild_id, started_at desc);
create index sync_log_by_pipeline on guild_identity.sync_log (guild_id, pipeline, started_at desc);
create index running_runs on guild_identity.sync_log (guild_id) where status = 'running';

-- A person whose companion sends the addon's exports. Keys are kept as SHA-256 of 32 random bytes.
create table common.upload_keys (
    id integer generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    uploader text not null check (uploader <> ''),
    key_hash text not null unique,
    may_fetch_notes boolean not null default false,  -- an officer's companion: it fetches the notes that are proposed
    created_by text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz,
    unique (guild_id, id)
);

-- An export of the addon: stored before it is acknowledged, without its characters once it is processed.
--   received -> done, superseded (everything was known from a newer export), refused, failed (kept for another try)
create table guild_identity.addon_uploads (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    upload_key_id integer not null,
    content_hash text not null,
    characters jsonb check (jsonb_typeof(characters) = 'array'),
    character_count integer not null check (character_count > 0),
    guild_name text,  -- whose export it is, as far as it says
    realm text,
    region smallint,
    exported_at timestamptz,  -- by the clock of the uploader's machine
    received_at timestamptz not null default now(),
    as_of timestamptz not null default now(),  -- exported_at; received_at where that is missing or in the future
    state text not null default 'received' check (state in ('received', 'done', 'superseded', 'refused', 'failed')),
    attempts integer not null default 0 check (attempts >= 0),
    failed_at timestamptz,  -- the last failed try
    sentence text,          -- the outcome, for the uploader
    run_id bigint,
    finished_at timestamptz,
    foreign key (guild_id, upload_key_id) references common.upload_keys (guild_id, id) on delete cascade,
    foreign key (guild_id, run_id) references guild_identity.sync_log (guild_id, id) on delete set null (run_id),
    constraint kept_until_processed check (state <> 'received' or characters is not null),
    constraint erased_when_processed check (state in ('received', 'failed') or characters is null),
    check ((state = 'received') = (finished_at is null))
);

create index waiting_uploads on guild_identity.addon_uploads (guild_id, as_of, id) where state = 'received';
create unique index one_waiting_upload_of_a_content on guild_identity.addon_uploads (guild_id, content_hash)
    where state = 'received';
create index uploads_of_guild on guild_identity.addon_uploads (guild_id, id desc);
create index uploads_of_key on guild_identity.addon_uploads (guild_id, upload_key_id, id desc);
create index uploads_by_run on guild_identity.addon_uploads (guild_id, run_id) where run_id is not null;

-- Full matches that officers requested; a worker runs them, one of a guild at a time.
create table guild_identity.match_requests (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    actor text not null,
    selected text[] check (cardinality(selected) > 0 and array_position(selected, null) is null),  -- keys of groups; null: all
    requested_at timestamptz not null default now(),
    attempts integer not null default 0,
    state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
    sentence text,
    attempt_id bigint,  -- the attempt that can be undone; null: nothing was changed
    run_id bigint,
    finished_at timestamptz,
    check ((state = 'waiting') = (finished_at is null)),
    foreign key (guild_id, attempt_id) references guild_identity.fix_attempts (guild_id, id) on delete set null (attempt_id),
    foreign key (guild_id, run_id) references guild_identity.sync_log (guild_id, id) on delete set null (run_id)
);

create unique index one_match_waits on guild_identity.match_requests (guild_id) where state = 'waiting';
create index matches_of_guild on guild_identity.match_requests (guild_id, id desc);
create index matches_of_attempt on guild_identity.match_requests (guild_id, attempt_id) where attempt_id is not null;
create index matches_by_run on guild_identity.match_requests (guild_id, run_id) where run_id is not null;

-- Scans and fixes that officers requested, for a worker:
--   waiting -> running (a worker has begun)   running -> done, failed      waiting -> failed (no worker came for a day)
-- A row that still runs when its worker died goes to the next one, which counts the try.
create table guild_identity.work_requests (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind <> ''),
    arguments jsonb not null default '{}' check (jsonb_typeof(arguments) = 'object'),
    actor text not null,
    requested_at timestamptz not null default now(),
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    attempts integer not null default 0,
    issue_ids bigint[],  -- the issues of a fix when the first try began; null: not begun, or no fix
    results jsonb not null default '[]' check (jsonb_typeof(results) = 'array'),  -- of the portions that are done
    failed_at timestamptz,  -- the last failed try
    done integer not null default 0 check (done >= 0),
    total integer not null default 0 check (total >= done),  -- 0: not known yet
    doing text,          -- the current step, in words
    sentence text,       -- the outcome
    result jsonb,        -- the same as data; null where it failed
    started_at timestamptz,
    finished_at timestamptz,
    check ((state in ('done', 'failed')) = (finished_at is not null)),
    check ((finished_at is null) = (sentence is null))
);

-- The arguments are hashed because many issue numbers are longer than an index takes.
create unique index one_request_of_a_kind_waits on guild_identity.work_requests (guild_id, kind, md5(arguments::text))
    where state = 'waiting';
create index requests_of_guild on guild_identity.work_requests (guild_id, id desc);
create index unfinished_requests on guild_identity.work_requests (guild_id, id) where finished_at is null;
-- What can be forgotten is looked for among all guilds.
create index requests_by_end on guild_identity.work_requests (finished_at) where finished_at is not null;


-- 6. Messages to officers on Discord

-- A row is written before anything is sent: what could not be sent is sent later, and what was sent is not sent again.
-- A digest reports the issue events from first_event to last_event; while its day lasts it grows, and its message is edited.
--   waiting (is_pending) -> shown (message_id set) -> waiting (the digest grew) -> shown -> closed (closed_at set)
create table guild_identity.announcements (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind in ('summary', 'digest')),
    channel_id text not null,
    nonce text not null check (length(nonce) <= 25),  -- Discord posts a nonce once
    version integer not null default 1,               -- of the content
    content jsonb,                                    -- what the message should say; null once it says so
    is_pending boolean not null default true,
    is_under_way boolean not null default false,  -- a first post may have reached Discord: it is repeated unchanged
    -- A sender claims the row for a while; its result counts for the version that it sent. Where another sender took over
    -- meanwhile, an older text may be on Discord: the row is in doubt, and the message is written again.
    claim uuid,
    claimed_until timestamptz,
    is_in_doubt boolean not null default false,
    first_event bigint,
    last_event bigint,
    shown_event bigint,   -- the last event that the message shows
    message_id text,  -- Discord's; null: not posted
    failures integer not null default 0,  -- since it was last sent
    next_try_at timestamptz not null default now(),
    last_error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    closed_at timestamptz,
    unique (guild_id, nonce),
    check ((kind = 'digest') = (first_event is not null)),
    check ((first_event is null) = (last_event is null)),
    check (not is_pending or content is not null),
    check (is_pending or content is null),
    constraint claim_has_an_end check ((claim is null) = (claimed_until is null))
);

create unique index one_open_digest on guild_identity.announcements (guild_id) where kind = 'digest' and closed_at is null;
create index pending_announcements on guild_identity.announcements (guild_id, id) where is_pending;
create index digests_of_guild on guild_identity.announcements (guild_id, last_event desc) where kind = 'digest';


-- 7. Settings of a guild

create table guild_identity.rule_settings (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_type text not null,
    is_enabled boolean not null default true,
    auto_mitigate boolean,  -- null: the rule's default
    severity text check (severity in ('info', 'warning', 'error')),  -- null: the rule's default
    parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
    updated_by text not null,
    updated_at timestamptz not null default now(),
    primary key (guild_id, issue_type)
);

-- Whether characters may be compared by what their accounts have, and what is done with it. The salt is part of the key with
-- which that is hashed: when it is deleted, whatever was made with it is of no use any more.
create table guild_identity.account_settings (
    guild_id integer primary key references guild_identity.guilds on delete cascade,
    mode text not null check (mode in ('off', 'suggest', 'automatic')),
    gives_rights boolean not null default false,  -- whether links by the same account count like confirmed ones
    salt bytea check (length(salt) = 32),
    updated_by text not null,
    updated_at timestamptz not null default now(),
    check ((salt is null) = (mode = 'off'))
);

-- Characters of which nothing is read or kept: those that an objection names or covers, and all of the players who object.
create view guild_identity.not_compared as
select guild_id, character_id from guild_identity.account_objections where character_id is not null
union
select theirs.guild_id, theirs.character_id
from guild_identity.account_objections o
join guild_identity.player_characters mine on mine.guild_id = o.guild_id and mine.character_id = o.character_id
join guild_identity.player_characters theirs on theirs.guild_id = mine.guild_id and theirs.player_id = mine.player_id
where o.part_of is null;

-- Links by the same account that count like confirmed ones, where the guild has set that. Each rests on another character of the
-- account as it is read now, the anchor, whose link to the same player is proven or an officer's: no account link rests on an
-- account link. Whatever speaks against one person behind the account ends it: a reading that says another account, a proven or
-- an officer's link of the account to somebody else, an officer's word that several people play, an objection of the player.
-- Rows are put side by side and sorted, not joined: without statistics, a join would look at the whole guild for each of them.
create view guild_identity.links_counted_by_account as
select a.guild_id, a.character_id, a.character_name, a.player_id, a.anchor_id, a.anchor_name, a.anchor_basis, a.anchor_confirmed_by
from (
    select k.*,
           min(k.player_id) filter (where k.is_confirmed) over account as first_owner,
           max(k.player_id) filter (where k.is_confirmed) over account as last_owner,
           bool_or(k.is_shared) over account as is_account_shared,
           bool_or(k.objects) over player as does_player_object,
           first_value(k.character_id) over anchor as anchor_id,
           first_value(k.character_name) over anchor as anchor_name,
           first_value(k.basis) over anchor as anchor_basis,
           first_value(k.confirmed_by) over anchor as anchor_confirmed_by,
           first_value(k.is_confirmed and k.is_certain) over anchor as is_anchored
    from (
        select guild_id, character_id, max(character_name) as character_name, max(account) as account,
               coalesce(bool_or(is_certain), false) as is_certain, max(player_id) as player_id, max(basis) as basis,
               max(confirmed_by) as confirmed_by,
               coalesce(max(basis) = 'proven' or max(confirmed_by) is not null, false) as is_confirmed,
               bool_or(is_shared) as is_shared, bool_or(objects) as objects
        from (
            select guild_id, id as character_id, character_name, null::bigint as account, null::boolean as is_certain,
                   null::bigint as player_id, null::text as basis, null::text as confirmed_by, false as is_shared, false as objects
            from guild_identity.wow_characters where removed_at is null
            union all
            select guild_id, character_id, null::text, account, doubted_read_at is null, null::bigint, null::text, null::text,
                   false, false
            from guild_identity.account_evidence where account is not null
            union all
            select guild_id, character_id, null::text, null::bigint, null::boolean, player_id, basis, confirmed_by, false, false
            from guild_identity.player_characters
            union all
            select guild_id, character_id, null::text, null::bigint, null::boolean, null::bigint, null::text, null::text, true, false
            from guild_identity.shared_accounts
            union all
            select guild_id, character_id, null::text, null::bigint, null::boolean, null::bigint, null::text, null::text, false, true
            from guild_identity.account_objections where character_id is not null
        ) said
        group by guild_id, character_id
    ) k
    window account as (partition by k.guild_id, k.account),
           player as (partition by k.guild_id, k.player_id),
           anchor as (partition by k.guild_id, k.account
                      order by not (k.is_confirmed and k.is_certain), k.basis <> 'proven', k.character_id)
) a
join guild_identity.account_settings s on s.guild_id = a.guild_id and s.mode <> 'off' and s.gives_rights
where a.account is not null and a.is_certain and a.character_name is not null and a.basis = 'account' and not a.is_confirmed
  and a.is_anchored and a.first_owner = a.player_id and a.last_owner = a.player_id
  and not a.is_account_shared and not a.does_player_object;

-- For how many days a guild keeps what grows, where it has said so.
create table guild_identity.retention_settings (
    guild_id integer primary key references guild_identity.guilds on delete cascade,
    days jsonb not null check (jsonb_typeof(days) = 'object'),  -- by what it is
    updated_by text not null,
    updated_at timestamptz not null default now()
);

-- For how many days a guild keeps something, or may undo: what it has said, else the default of keeping/lives.py.
create function guild_identity.days_kept(of_guild integer, what text) returns integer
    language sql stable parallel safe
    return coalesce(
        (select (s.days ->> what)::integer from guild_identity.retention_settings s where s.guild_id = of_guild),
        case what
            when 'undo' then 90
            when 'attempts' then 365
            when 'issues' then 365
            when 'runs' then 90
            when 'uploads' then 90
            when 'announcements' then 90
            when 'departed' then 180
            when 'former_names' then 365
            when 'settings' then 730
        end);

-- Since when rows of a kind are kept: what can be undone at least as long as that.
create function guild_identity.kept_since(of_guild integer, what text) returns timestamptz
    language sql stable parallel safe
    return now() - make_interval(days => greatest(
        guild_identity.days_kept(of_guild, what),
        case when what in ('attempts', 'issues', 'settings') then guild_identity.days_kept(of_guild, 'undo') end));

-- Since when what was done can still be undone.
create function guild_identity.undoable_since(of_guild integer) returns timestamptz
    language sql stable parallel safe
    return now() - make_interval(days => guild_identity.days_kept(of_guild, 'undo'));

-- Which steps of a plan or a journal name a row of a person: their places, counted from 1.
create function guild_identity.steps_naming(
    steps jsonb, of_player bigint, of_characters bigint[], of_member bigint, of_issues bigint[]
) returns bigint[]
    language sql immutable parallel safe
    return array(
        select place
        from jsonb_array_elements(steps) with ordinality as s (step, place)
        where case step ->> 'table'
                  when 'player' then (step ->> 'id')::bigint = of_player
                  when 'role' then (step ->> 'id')::bigint = of_member
                  when 'issue' then (step ->> 'id')::bigint = any (of_issues)
                  when 'link' then (step ->> 'id')::bigint = any (of_characters)
                  when 'shared' then (step ->> 'id')::bigint = any (of_characters)
                  when 'account' then (step ->> 'id')::bigint = any (of_characters)
              end
           or exists (
               select from (values (step -> 'before'), (step -> 'after')) as side (columns)
               where (side.columns ->> 'player_id')::bigint = of_player
                  or (side.columns ->> 'character_id')::bigint = any (of_characters)
                  or (side.columns ->> 'main_character_id')::bigint = any (of_characters)
                  or (side.columns ->> 'offspec_character_id')::bigint = any (of_characters)
                  or (side.columns ->> 'discord_user_id')::bigint = of_member)
        order by place);

-- The rows that a change which can still be undone has touched or names, by kind.
create view guild_identity.needed_for_undo as
select distinct a.guild_id, n.kind, n.id
from guild_identity.fix_attempts a
cross join lateral jsonb_array_elements(a.changes || a.intended) as c (change)
cross join lateral (values (c.change -> 'before'), (c.change -> 'after')) as side (columns)
cross join lateral (
    values (case c.change ->> 'table' when 'role' then 'member' else c.change ->> 'table' end,
            case when c.change ->> 'table' in ('player', 'role', 'issue') then (c.change ->> 'id')::bigint end),
           ('player', (side.columns ->> 'player_id')::bigint),
           ('character', (side.columns ->> 'character_id')::bigint),
           ('character', (side.columns ->> 'main_character_id')::bigint),
           ('character', (side.columns ->> 'offspec_character_id')::bigint),
           ('member', (side.columns ->> 'discord_user_id')::bigint)
) as n (kind, id)
where n.id is not null
  and (a.outcome = 'running' or a.undoing_at is not null
       or a.undone_at is null and a.started_at >= guild_identity.undoable_since(a.guild_id));

-- How many attempts of each kind were forgotten, so that the counts of monitoring never fall.
create table guild_identity.forgotten_attempts (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    issue_type text not null,
    outcome text not null,
    is_automatic boolean not null,
    attempts bigint not null check (attempts > 0),
    primary key (guild_id, issue_type, outcome, is_automatic)
);

-- That somebody was erased, who did it, and how much went: never who it was.
create table guild_identity.erasures (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    actor text not null,
    at timestamptz not null default now(),
    counts jsonb not null check (jsonb_typeof(counts) = 'object'),
    unique (guild_id, id)
);

-- When the worker last cleared away what is kept no longer: one row, once it has.
create table common.last_cleaning (
    is_only boolean primary key default true check (is_only),
    started_at timestamptz not null default now(),
    ended_at timestamptz,  -- null: it runs, or failed
    deleted jsonb not null default '{}' check (jsonb_typeof(deleted) = 'object')
);

-- Which Discord role of the server (its id) or rank in the game (its index) gives which role here.
create table common.access_grants (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind in ('discord_role', 'rank')),
    key text not null check (key ~ '^[0-9]+$'),
    role text not null check (role in ('none', 'viewer', 'officer', 'administrator')),
    set_by text not null,
    set_at timestamptz not null default now(),
    primary key (guild_id, kind, key)
);

-- With the default: the guild master is an administrator until an administrator changes that.
create view common.access_grants_in_force as
select guild_id, kind, key, role, set_by, set_at from common.access_grants
union all
select g.id, 'rank', '0', 'administrator', null, null
from guild_identity.guilds g
where not exists (select from common.access_grants a where (a.guild_id, a.kind, a.key) = (g.id, 'rank', '0'));

-- Who changed which setting. `before` and `after` are the setting as it was written, so another change can undo it.
-- Of keys and tokens only the name and the state are kept.
create table guild_identity.setting_changes (
    id bigint generated always as identity primary key,
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: a token for every guild
    kind text not null check (kind in ('rule', 'ranks', 'word', 'language', 'retention', 'accounts', 'key', 'token')),
    subject text not null check (subject <> ''),
    before jsonb not null check (jsonb_typeof(before) = 'object'),
    after jsonb not null check (jsonb_typeof(after) = 'object'),
    sentence text not null check (sentence <> ''),
    undoes bigint,
    actor text not null,
    at timestamptz not null default now(),
    unique (guild_id, id),
    foreign key (guild_id, undoes) references guild_identity.setting_changes (guild_id, id) on delete set null (undoes)
);

create index setting_changes_by_time on guild_identity.setting_changes (guild_id, id desc);
create index setting_changes_undoing on guild_identity.setting_changes (guild_id, undoes) where undoes is not null;


-- 8. Who may use the product. Secrets are kept as SHA-256 of 32 random bytes, which nobody can guess.

-- A local account, which signs in by a link and has a role of its own, or a Discord user, whose role is looked up each time.
create table common.admin_accounts (
    id integer generated always as identity primary key,
    name text not null check (name <> ''),
    discord_id text unique check (discord_id ~ '^[0-9]+$'),  -- null: a local account
    role text check (role in ('viewer', 'officer', 'administrator')),
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: not bound to one guild
    created_at timestamptz not null default now(),
    check ((discord_id is null) = (role is not null)),
    check (discord_id is null or guild_id is null)
);

create unique index admin_accounts_by_name on common.admin_accounts (name) where discord_id is null;
create index admin_accounts_of_guild on common.admin_accounts (guild_id) where guild_id is not null;

create table common.login_links (
    token_hash text primary key,
    account_id integer not null references common.admin_accounts on delete cascade,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- Sign-ins that were begun: the hash of what Discord or Battle.net will send back with what the browser keeps. Used once.
create table common.begun_sign_ins (
    proof_hash text primary key,
    purpose text not null check (purpose in ('admin', 'claim', 'battlenet')),
    expires_at timestamptz not null
);

-- Members who have said with Discord who they are, to claim their characters. Such a session opens no page for officers.
create table common.claim_sessions (
    token_hash text primary key,
    discord_id text not null check (discord_id ~ '^[0-9]+$'),
    name text not null,  -- of the account on Discord
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: of several, none is chosen yet
    expires_at timestamptz not null
);

create index claim_sessions_of_user on common.claim_sessions (discord_id);
create index claim_sessions_of_guild on common.claim_sessions (guild_id) where guild_id is not null;

create table common.web_sessions (
    token_hash text primary key,
    id integer generated always as identity unique,  -- for lists and for ending one
    account_id integer not null references common.admin_accounts on delete cascade,
    guild_id integer references guild_identity.guilds on delete cascade,  -- a Discord user's choice; null: none yet, or local
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create index web_sessions_of_account on common.web_sessions (account_id);
create index web_sessions_of_guild on common.web_sessions (guild_id) where guild_id is not null;

create table common.api_tokens (
    id integer generated always as identity primary key,
    guild_id integer references guild_identity.guilds on delete cascade,  -- null: every guild of this installation
    name text not null check (name <> ''),
    scope text not null default 'write' check (scope in ('read', 'write', 'admin', 'metrics')),
    token_hash text not null unique,
    created_by text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);

create index api_tokens_of_guild on common.api_tokens (guild_id);


-- 9. What may be requested of Battle.net and Discord, for all processes of this installation together

-- A row for each service, which is locked while permits are given out.
create table common.request_services (
    service text primary key,
    paused_until timestamptz  -- the service wants to be left alone until then
);

-- Permits that a process holds for some seconds. A request counts from its permit until a second after its answer, so that no
-- second at the other end has more than the limit, however long each is on its way.
create table common.request_leases (
    id bigint generated always as identity primary key,
    service text not null references common.request_services,
    route text not null,
    permits integer not null check (permits >= 0),
    is_over boolean not null default false,  -- all its requests are answered
    counts_until timestamptz not null        -- of one that is not over: when its process must be dead
);

create index request_leases_of_service on common.request_leases (service, route);

-- What a service limits by beside all requests together: for Discord a verb, an address, and the server or channel.
create table common.request_routes (
    service text not null references common.request_services,
    route text not null,
    quota integer,           -- requests in each window; null: not known
    remaining integer not null default 0,
    resets_at timestamptz,   -- the end of the window that `remaining` is about
    paused_until timestamptz,
    seen_at timestamptz not null default now(),
    primary key (service, route)
);

-- Requests by the minute, and those of them that the service counts against this address.
create table common.request_counts (
    service text not null references common.request_services,
    minute timestamptz not null,
    permitted integer not null default 0,
    refused integer not null default 0,
    primary key (service, minute)
);

-- Give out up to so many permits for a route ('' has no limit of its own). Where none are free, `wait_s` says when to ask again,
-- and `reason` why: busy (others hold them for a moment), pause, hour (used up) or refused (the service would block this address).
create function common.take_permits(
    of_service text, of_route text, wanted integer, a_second integer, an_hour integer, most_refused integer
) returns table (lease_id bigint, permits integer, wait_s double precision, reason text, spare integer)
language plpgsql as $$
declare
    moment timestamptz;
    pause timestamptz;
    in_use integer;
    on_route integer;
    sent integer;
    refusals integer;
    oldest timestamptz;
    soonest timestamptz;
    this_route common.request_routes;
    free_on_route integer := wanted;
begin
    perform set_config('synchronous_commit', 'off', true);  -- what is lost with the server's power is a second's
    insert into common.request_services (service) values (of_service) on conflict do nothing;
    select s.paused_until into pause from common.request_services s where s.service = of_service for update;
    moment := clock_timestamp();
    delete from common.request_leases l where l.service = of_service and l.counts_until <= moment;
    select coalesce(sum(l.permits), 0), coalesce(sum(l.permits) filter (
               -- a dead process must not hold a route for longer than an answer usually takes
               where l.route = of_route and not l.is_over and l.counts_until > moment + interval '85 seconds'), 0),
           min(l.counts_until) filter (where l.is_over)
        into in_use, on_route, soonest
        from common.request_leases l where l.service = of_service;
    -- Two minutes longer than an hour: a permit is used within a moment, and its request may be on its way for a minute.
    select coalesce(sum(c.permitted), 0), min(c.minute) filter (where c.permitted > 0),
           coalesce(sum(c.refused) filter (where c.minute > moment - interval '11 minutes'), 0)
        into sent, oldest, refusals
        from common.request_counts c where c.service = of_service and c.minute > moment - interval '63 minutes';
    spare := case when an_hour is not null then greatest(0, an_hour - sent) end;
    permits := 0;
    if of_route <> '' then
        select * into this_route from common.request_routes r where r.service = of_service and r.route = of_route;
        pause := greatest(pause, this_route.paused_until);
        free_on_route := case
            when this_route.quota is null then 1
            when moment >= this_route.resets_at then this_route.quota
            else this_route.remaining end - on_route;
    end if;
    if refusals >= most_refused then
        reason := 'refused';
        wait_s := 60;
    elsif pause > moment then
        reason := 'pause';
        wait_s := extract(epoch from pause - moment);
    elsif spare = 0 then
        reason := 'hour';
        wait_s := extract(epoch from oldest + interval '63 minutes' - moment);
    elsif free_on_route <= 0 then
        reason := 'busy';
        wait_s := case when on_route > 0 then 0.05 else coalesce(extract(epoch from this_route.resets_at - moment), 0.25) end;
    elsif in_use >= a_second then
        reason := 'busy';
        wait_s := least(0.25, greatest(0.01, coalesce(extract(epoch from soonest - moment), 0.05)));
    else
        permits := least(wanted, a_second - in_use, coalesce(spare, wanted), free_on_route);
        insert into common.request_leases (service, route, permits, counts_until)
            values (of_service, of_route, permits, moment + interval '90 seconds')
            returning id into lease_id;
        insert into common.request_counts as c (service, minute, permitted)
            values (of_service, date_trunc('minute', moment), permits)
            on conflict (service, minute) do update set permitted = c.permitted + excluded.permitted;
        spare := spare - permits;
    end if;
    return next;
end $$;

-- Give permits back that were not used, and say what the answers told: of how many requests the route's window has how many
-- left, and for how long (in seconds); for how long the service wants a pause, of the route or `everywhere`; and how many of
-- the requests it counts against this address. `is_over`: all requests of the lease are answered.
create function common.return_permits(
    lease bigint, used integer, is_over boolean, told_quota integer, told_remaining integer, resets_in double precision,
    pause_s double precision, everywhere boolean, refused_requests integer
) returns void language plpgsql as $$
declare
    moment timestamptz;
    this_lease common.request_leases;
begin
    perform set_config('synchronous_commit', 'off', true);
    select * into this_lease from common.request_leases l where l.id = lease;
    if not found then
        return;  -- it was answered later than any request is; it has been taken for a dead process's
    end if;
    perform from common.request_services s where s.service = this_lease.service for update;
    moment := clock_timestamp();
    update common.request_leases l
        set permits = used, is_over = return_permits.is_over,
            counts_until = case when return_permits.is_over then moment + interval '1 second' else l.counts_until end
        where l.id = lease;
    insert into common.request_counts as c (service, minute, permitted, refused)
        values (this_lease.service, date_trunc('minute', moment), used - this_lease.permits, refused_requests)
        on conflict (service, minute) do update
            set permitted = c.permitted + excluded.permitted, refused = c.refused + excluded.refused;
    if pause_s is not null and everywhere then
        update common.request_services s
            set paused_until = greatest(s.paused_until, moment + make_interval(secs => pause_s))
            where s.service = this_lease.service;
    end if;
    if this_lease.route <> '' then
        insert into common.request_routes as r (service, route, quota, remaining, resets_at, paused_until, seen_at)
            values (this_lease.service, this_lease.route, told_quota, coalesce(told_remaining, 0),
                    moment + make_interval(secs => resets_in),
                    case when not everywhere then moment + make_interval(secs => pause_s) end, moment)
            on conflict (service, route) do update set
                quota = coalesce(excluded.quota, r.quota),
                remaining = case
                    when told_remaining is null then greatest(0, r.remaining - used)
                    when r.resets_at is null or excluded.resets_at > r.resets_at + interval '0.25 seconds' then told_remaining
                    else least(r.remaining, told_remaining) end,
                resets_at = greatest(r.resets_at, excluded.resets_at),
                paused_until = greatest(r.paused_until, excluded.paused_until),
                seen_at = moment;
    end if;
end $$;


-- 10. Triggers: former names, and what ends with a character's stay

create function guild_identity.keep_former_name_of_character() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, character_id, name)
    values (old.guild_id, old.id, old.character_name)
    on conflict (character_id, name, guild_id) do update set until = now();
    return null;
end $$;

create trigger former_name_of_character
after update of character_name on guild_identity.wow_characters
for each row when (old.name_key is distinct from new.name_key)
execute function guild_identity.keep_former_name_of_character();

-- Battle.net's rules: nothing that was read for a character stays when it leaves.
create function guild_identity.forget_evidence_of_character() returns trigger language plpgsql as $$
begin
    delete from guild_identity.account_evidence where guild_id = new.guild_id and character_id = new.id;
    return null;
end $$;

create trigger evidence_of_departed_character
after update of removed_at on guild_identity.wow_characters
for each row when (old.removed_at is null and new.removed_at is not null)
execute function guild_identity.forget_evidence_of_character();

create function guild_identity.keep_former_names_of_member() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, discord_user_id, name)
    select distinct old.guild_id, old.id, name
    from unnest(array[old.username, old.global_name, old.display_name]) as n (name)
    where name <> '' and name <> all (array_remove(array[new.username, new.global_name, new.display_name], null))
    on conflict (discord_user_id, name, guild_id) do update set until = now();
    return null;
end $$;

create trigger former_names_of_member
after update of username, global_name, display_name on guild_identity.discord_users
for each row when ((old.username, old.global_name, old.display_name)
                   is distinct from (new.username, new.global_name, new.display_name))
execute function guild_identity.keep_former_names_of_member();


-- 11. Triggers: live updates

-- Notifications on the channel patt_live: the guild, the kind of change, and the ids of the rows; no names and no notes.
-- PostgreSQL delivers them when the transaction has committed, and never when it has not.
create function guild_identity.publish_rows() returns trigger language plpgsql as $$
begin
    perform pg_notify('patt_live', json_build_object(
                'guild', guild_id, 'kind', tg_argv[0], 'first', min(id), 'last', max(id))::text)
    from changed
    where guild_id is not null
    group by guild_id;
    return null;
end
$$;

create function guild_identity.publish_jobs() returns trigger language plpgsql as $$
begin
    perform pg_notify('patt_live', json_build_object('guild', args -> 'guild_id', 'kind', 'jobs')::text)
    from changed
    where args ? 'guild_id'
    group by args -> 'guild_id';
    return null;
end
$$;

create trigger publish_new after insert on guild_identity.issue_events
    referencing new table as changed for each statement execute function guild_identity.publish_rows('issues');
create trigger publish_new after insert on guild_identity.fix_attempts
    referencing new table as changed for each statement execute function guild_identity.publish_rows('attempts');
create trigger publish_changed after update on guild_identity.fix_attempts
    referencing new table as changed for each statement execute function guild_identity.publish_rows('attempts');
create trigger publish_new after insert on guild_identity.sync_log
    referencing new table as changed for each statement execute function guild_identity.publish_rows('runs');
create trigger publish_changed after update on guild_identity.sync_log
    referencing new table as changed for each statement execute function guild_identity.publish_rows('runs');
create trigger publish_new after insert on guild_identity.match_requests
    referencing new table as changed for each statement execute function guild_identity.publish_rows('matches');
create trigger publish_changed after update on guild_identity.match_requests
    referencing new table as changed for each statement execute function guild_identity.publish_rows('matches');
create trigger publish_new after insert on guild_identity.work_requests
    referencing new table as changed for each statement execute function guild_identity.publish_rows('work');
create trigger publish_changed after update on guild_identity.work_requests
    referencing new table as changed for each statement execute function guild_identity.publish_rows('work');
create trigger publish_new after insert on guild_identity.setting_changes
    referencing new table as changed for each statement execute function guild_identity.publish_rows('settings');

-- Procrastinate's functions and triggers name their tables without a schema. They find them for every session, also for one
-- that comes through PgBouncer, which has no search path of its own.
do $$
declare
    of_queue regprocedure;
begin
    for of_queue in select oid from pg_proc where pronamespace = 'jobs'::regnamespace
    loop
        execute format('alter function %s set search_path = jobs', of_queue);
    end loop;
end $$;

-- When each guild's last job ended, as a number of the sequence of jobs: whatever was enqueued later has a higher one.
create table jobs.turns (
    lock text primary key,  -- as the jobs of a guild have it
    turn bigint not null
);

create trigger publish_new after insert on jobs.procrastinate_jobs
    referencing new table as changed for each statement execute function guild_identity.publish_jobs();
create trigger publish_changed after update on jobs.procrastinate_jobs
    referencing new table as changed for each statement execute function guild_identity.publish_jobs();
create trigger publish_deleted after delete on jobs.procrastinate_jobs
    referencing old table as changed for each statement execute function guild_identity.publish_jobs();


-- 12. Guilds kept apart: row-level security

-- The role under which the application works for one guild. It belongs to the server, so another database may have made it,
-- and for a login that may make no roles an administrator of the server makes it.
do $$
begin
    begin
        if not exists (select from pg_roles where rolname = 'patt_guild') then
            create role patt_guild nologin;
        end if;
    exception
        when duplicate_object or unique_violation then null;  -- another database was faster
    end;
    if not pg_has_role(current_user, 'patt_guild', 'member') then
        execute format('grant patt_guild to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception using
            errcode = 'insufficient_privilege',
            message = format('the login %s may not make the role patt_guild, which keeps guilds apart; as an administrator '
                'of the server run: create role patt_guild nologin (if there is none), then: grant patt_guild to %I',
                current_user, current_user);
end $$;

-- The guild that the transaction is bound to; null: none, and then patt_guild sees no row.
create function guild_identity.current_guild() returns integer language sql stable parallel safe
    return nullif(current_setting('app.guild_id', true), '')::integer;

grant usage on schema common, guild_identity to patt_guild;
grant select, update on guild_identity.guilds to patt_guild;
grant select on common.realms to patt_guild;
grant usage on schema jobs to patt_guild;
grant select on jobs.procrastinate_workers to patt_guild;  -- whether any worker runs
grant usage on all sequences in schema guild_identity to patt_guild;

-- Owners and superusers are under no policy: migrations, and what is about all guilds, run as the login. The policies are
-- not forced on the owner, because then a second one would have to name the login, and a backup that is restored for
-- another login would look empty to it.
alter table guild_identity.guilds enable row level security;
create policy own_rows on guild_identity.guilds to patt_guild using (id = guild_identity.current_guild());

do $$
declare
    guild_table regclass;
begin
    for guild_table in
        select c.oid
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'guild_id' and not a.attisdropped
        where c.relkind in ('r', 'p') and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
    loop
        execute format('alter table %s enable row level security', guild_table);
        execute format('create policy own_rows on %s to patt_guild using (guild_id = guild_identity.current_guild())',
                       guild_table);
        execute format('grant select, insert, update, delete on %s to patt_guild', guild_table);
    end loop;
end $$;

-- Whether the transaction is for the guild's officers. What rests on account evidence is withheld from others, here and nowhere
-- else: which characters belong together, what was found and done because of it, and who does not want to be compared.
create function guild_identity.sees_accounts() returns boolean language sql stable parallel safe
    return current_setting('app.audience', true) is distinct from 'others';

create policy of_officers on guild_identity.account_evidence as restrictive for select to patt_guild
    using (guild_identity.sees_accounts());
create policy of_officers on guild_identity.account_objections as restrictive for select to patt_guild
    using (guild_identity.sees_accounts());
create policy of_officers on guild_identity.shared_accounts as restrictive for select to patt_guild
    using (guild_identity.sees_accounts());
create policy of_officers on guild_identity.audit_issues as restrictive for select to patt_guild
    using (issue_type <> 'account_conflict' or guild_identity.sees_accounts());
create policy of_officers on guild_identity.issue_events as restrictive for select to patt_guild
    using (issue_type <> 'account_conflict' or guild_identity.sees_accounts());
create policy of_officers on guild_identity.work_requests as restrictive for select to patt_guild
    using (arguments ->> 'issue_type' is distinct from 'account_conflict' or guild_identity.sees_accounts());
create policy of_officers on guild_identity.fix_attempts as restrictive for select to patt_guild
    using (not is_of_accounts or guild_identity.sees_accounts());

-- Who may sign in, and with what, is the installation's.
revoke all on common.admin_accounts, common.web_sessions, common.claim_sessions from patt_guild;
alter table common.login_links enable row level security;
create policy own_rows on common.login_links to patt_guild using (
    exists (select from common.admin_accounts a
            where a.id = account_id and a.guild_id = guild_identity.current_guild()));

-- A view runs with the rights of its caller, not of its owner, who is under no policy.
alter view common.access_grants_in_force set (security_invoker = true);
alter view guild_identity.addon_facts set (security_invoker = true);
alter view guild_identity.aliases_in_use set (security_invoker = true);
alter view guild_identity.needed_for_undo set (security_invoker = true);
alter view guild_identity.moved_ranks set (security_invoker = true);
alter view guild_identity.not_compared set (security_invoker = true);
alter view guild_identity.links_counted_by_account set (security_invoker = true);
alter view guild_identity.confirmed_characters set (security_invoker = true);
alter view guild_identity.claimed_here set (security_invoker = true);
grant select on common.access_grants_in_force, guild_identity.addon_facts, guild_identity.aliases_in_use,
    guild_identity.needed_for_undo,
    guild_identity.moved_ranks, guild_identity.not_compared, guild_identity.links_counted_by_account, guild_identity.confirmed_characters,
    guild_identity.claimed_here to patt_guild;
