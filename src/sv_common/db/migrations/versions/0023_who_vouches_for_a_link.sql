-- Every writer of a link says what it rests on.
alter table guild_identity.player_characters alter column basis drop default;

-- An officer's "no" is about a character and a player, or about a player and a Discord member. `is_unlinking`: it was said
-- by taking the one from the other. Evidence does not link them again, and an officer who does takes it back by that.
alter table guild_identity.link_rejections
    alter column character_id drop not null,
    add column discord_user_id bigint,
    add column is_unlinking boolean not null default false,
    add constraint rejected_of_what check (num_nonnulls(character_id, discord_user_id) = 1),
    add unique (discord_user_id, player_id),
    add foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade;

-- Names that a character or a Discord member had before. A note that uses one may still mean them; it proves nothing new.
create table guild_identity.former_names (
    id bigint generated always as identity primary key,
    guild_id integer not null,
    character_id bigint,
    discord_user_id bigint,
    name text not null check (name <> ''),
    until timestamptz not null default now(),  -- when the last sync saw that it is no longer the name
    check (num_nonnulls(character_id, discord_user_id) = 1),
    unique (character_id, name),
    unique (discord_user_id, name),
    foreign key (guild_id, character_id) references guild_identity.wow_characters (guild_id, id) on delete cascade,
    foreign key (guild_id, discord_user_id) references guild_identity.discord_users (guild_id, id) on delete cascade
);

create index former_names_by_guild on guild_identity.former_names (guild_id);

create function guild_identity.keep_former_name_of_character() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, character_id, name)
    values (old.guild_id, old.id, old.character_name)
    on conflict (character_id, name) do update set until = now();
    return null;
end $$;

create trigger former_name_of_character
after update of character_name on guild_identity.wow_characters
for each row when (old.name_key is distinct from new.name_key)
execute function guild_identity.keep_former_name_of_character();

create function guild_identity.keep_former_names_of_member() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, discord_user_id, name)
    select distinct old.guild_id, old.id, name
    from unnest(array[old.username, old.global_name, old.display_name]) as n (name)
    where name <> '' and name <> all (array_remove(array[new.username, new.global_name, new.display_name], null))
    on conflict (discord_user_id, name) do update set until = now();
    return null;
end $$;

create trigger former_names_of_member
after update of username, global_name, display_name on guild_identity.discord_users
for each row when ((old.username, old.global_name, old.display_name)
                   is distinct from (new.username, new.global_name, new.display_name))
execute function guild_identity.keep_former_names_of_member();
