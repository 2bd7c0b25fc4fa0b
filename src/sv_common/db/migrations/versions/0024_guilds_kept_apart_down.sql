alter view common.guild_authority_in_force reset (security_invoker);
alter view guild_identity.aliases_in_use reset (security_invoker);
alter view guild_identity.moved_ranks reset (security_invoker);
alter view guild_identity.vouched_characters reset (security_invoker);

do $$
declare
    guild_table regclass;
begin
    for guild_table in select polrelid from pg_policy where polname = 'own_rows' loop
        execute format('drop policy own_rows on %s', guild_table);
        execute format('alter table %s disable row level security', guild_table);
    end loop;
end $$;

revoke all on all tables in schema common, guild_identity from patt_guild;
revoke all on all sequences in schema common, guild_identity from patt_guild;
revoke usage on schema common, guild_identity from patt_guild;
drop function guild_identity.current_guild();

create or replace function guild_identity.keep_former_name_of_character() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, character_id, name)
    values (old.guild_id, old.id, old.character_name)
    on conflict (character_id, name) do update set until = now();
    return null;
end $$;

create or replace function guild_identity.keep_former_names_of_member() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, discord_user_id, name)
    select distinct old.guild_id, old.id, name
    from unnest(array[old.username, old.global_name, old.display_name]) as n (name)
    where name <> '' and name <> all (array_remove(array[new.username, new.global_name, new.display_name], null))
    on conflict (discord_user_id, name) do update set until = now();
    return null;
end $$;

alter table guild_identity.former_names
    drop constraint former_names_character_id_name_guild_id_key,
    drop constraint former_names_discord_user_id_name_guild_id_key,
    add unique (character_id, name),
    add unique (discord_user_id, name);
alter table common.vouched_links
    drop constraint vouched_links_pkey,
    add primary key (character_id, player_id, discord_user_id);
alter table guild_identity.link_rejections
    drop constraint link_rejections_character_id_player_id_guild_id_key,
    drop constraint link_rejections_discord_user_id_player_id_guild_id_key,
    add unique (character_id, player_id),
    add unique (discord_user_id, player_id);
alter table guild_identity.character_profiles
    drop constraint character_profiles_pkey,
    add primary key (character_id);

alter table guild_identity.players
    drop constraint players_id_main_character_id_guild_id_fkey,
    drop constraint players_id_offspec_character_id_guild_id_fkey;
alter table guild_identity.player_characters
    drop constraint player_characters_pkey,
    drop constraint player_characters_player_id_character_id_guild_id_key,
    add primary key (character_id),
    add unique (player_id, character_id);
alter table guild_identity.players
    add foreign key (id, main_character_id) references guild_identity.player_characters (player_id, character_id)
        on delete set null (main_character_id) deferrable initially deferred,
    add foreign key (id, offspec_character_id) references guild_identity.player_characters (player_id, character_id)
        on delete set null (offspec_character_id) deferrable initially deferred;

alter table guild_identity.match_requests
    drop constraint match_requests_guild_id_run_id_fkey,
    add foreign key (run_id) references guild_identity.sync_log on delete set null;
alter table guild_identity.addon_uploads
    drop constraint addon_uploads_guild_id_run_id_fkey,
    add foreign key (run_id) references guild_identity.sync_log on delete set null;
alter table guild_identity.setting_changes
    drop constraint setting_changes_guild_id_undoes_fkey,
    drop constraint setting_changes_guild_id_id_key,
    add foreign key (undoes) references guild_identity.setting_changes on delete set null;
alter table guild_identity.sync_log drop constraint sync_log_guild_id_id_key;
