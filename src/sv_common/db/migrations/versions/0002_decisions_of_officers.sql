-- A rejection is one row of an attempt's journal, as links and aliases are, so it needs a number to be found by.
alter table guild_identity.link_rejections
    drop constraint link_rejections_pkey,
    add column id bigint generated always as identity primary key,
    add unique (character_id, player_id);

-- Words that a guild reads differently from the vocabulary that comes with the engine.
create table guild_identity.guild_words (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    word text not null check (word <> ''),
    category text check (category <> ''),  -- what the word is in this guild; null: it is no such word here, and may be a name
    updated_by text not null,
    updated_at timestamptz not null default now(),
    primary key (guild_id, word)
);
