-- When each character's profile was asked for and read. What the profile said stands in wow_characters (item_level and
-- last_login_timestamp): it may be kept for 30 days from fetched_at, and not after the character's end is confirmed.
create table guild_identity.character_profiles (
    character_id bigint primary key,
    guild_id integer not null,
    asked_at timestamptz not null,  -- last asked for, whatever came of it
    fetched_at timestamptz,         -- last read; null: never
    gone_since timestamptz,         -- Battle.net's status said first that the character is gone; null: it does not say so
    gone_confirmed_at timestamptz,  -- it said so again, at least a day later, and what the profile had said was erased
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    check (gone_confirmed_at is null or gone_since is not null)
);

create index character_profiles_of_guild on guild_identity.character_profiles (guild_id, asked_at);
