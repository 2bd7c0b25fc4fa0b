-- Keys of a guild's rows hold the guild, and so does whatever refers to them. The guild stands last in keys by which a
-- row is looked for without it.
alter table guild_identity.sync_log add unique (guild_id, id);
alter table guild_identity.setting_changes
    add unique (guild_id, id),
    drop constraint setting_changes_undoes_fkey,
    add foreign key (guild_id, undoes) references guild_identity.setting_changes (guild_id, id)
        on delete set null (undoes);
alter table guild_identity.addon_uploads
    drop constraint addon_uploads_run_id_fkey,
    add foreign key (guild_id, run_id) references guild_identity.sync_log (guild_id, id) on delete set null (run_id);
alter table guild_identity.match_requests
    drop constraint match_requests_run_id_fkey,
    add foreign key (guild_id, run_id) references guild_identity.sync_log (guild_id, id) on delete set null (run_id);

alter table guild_identity.players
    drop constraint players_id_main_character_id_fkey,
    drop constraint players_id_offspec_character_id_fkey;
alter table guild_identity.player_characters
    drop constraint player_characters_pkey,
    drop constraint player_characters_player_id_character_id_key,
    add primary key (character_id, guild_id),
    add unique (player_id, character_id, guild_id);
alter table guild_identity.players
    add foreign key (id, main_character_id, guild_id)
        references guild_identity.player_characters (player_id, character_id, guild_id)
        on delete set null (main_character_id) deferrable initially deferred,
    add foreign key (id, offspec_character_id, guild_id)
        references guild_identity.player_characters (player_id, character_id, guild_id)
        on delete set null (offspec_character_id) deferrable initially deferred;

alter table guild_identity.character_profiles
    drop constraint character_profiles_pkey,
    add primary key (character_id, guild_id);
alter table guild_identity.link_rejections
    drop constraint link_rejections_character_id_player_id_key,
    drop constraint link_rejections_discord_user_id_player_id_key,
    add unique (character_id, player_id, guild_id),
    add unique (discord_user_id, player_id, guild_id);
alter table common.vouched_links
    drop constraint vouched_links_pkey,
    add primary key (character_id, player_id, discord_user_id, guild_id);
alter table guild_identity.former_names
    drop constraint former_names_character_id_name_key,
    drop constraint former_names_discord_user_id_name_key,
    add unique (character_id, name, guild_id),
    add unique (discord_user_id, name, guild_id);

create or replace function guild_identity.keep_former_name_of_character() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, character_id, name)
    values (old.guild_id, old.id, old.character_name)
    on conflict (character_id, name, guild_id) do update set until = now();
    return null;
end $$;

create or replace function guild_identity.keep_former_names_of_member() returns trigger language plpgsql as $$
begin
    insert into guild_identity.former_names (guild_id, discord_user_id, name)
    select distinct old.guild_id, old.id, name
    from unnest(array[old.username, old.global_name, old.display_name]) as n (name)
    where name <> '' and name <> all (array_remove(array[new.username, new.global_name, new.display_name], null))
    on conflict (discord_user_id, name, guild_id) do update set until = now();
    return null;
end $$;

-- The role under which the application works for one guild. It belongs to the server, so another database may have made it,
-- and a login that may make no roles finds it made by whoever administers the server.
do $$
begin
    if not exists (select from pg_roles where rolname = 'patt_guild') then
        create role patt_guild nologin;
    end if;
    if not pg_has_role(current_user, 'patt_guild', 'member') then
        execute format('grant patt_guild to %I', current_user);
    end if;
exception
    when duplicate_object or unique_violation then null;  -- another database was faster
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

-- Who may sign in, and with what, is the installation's.
revoke all on common.admin_accounts, common.web_sessions from patt_guild;
alter table common.login_links enable row level security;
create policy own_rows on common.login_links to patt_guild using (
    exists (select from common.admin_accounts a
            where a.id = account_id and a.guild_id = guild_identity.current_guild()));

-- A view asks as whoever asks it, and not as its owner, who is under no policy.
alter view common.guild_authority_in_force set (security_invoker = true);
alter view guild_identity.aliases_in_use set (security_invoker = true);
alter view guild_identity.moved_ranks set (security_invoker = true);
alter view guild_identity.vouched_characters set (security_invoker = true);
grant select on common.guild_authority_in_force, guild_identity.aliases_in_use, guild_identity.moved_ranks,
    guild_identity.vouched_characters to patt_guild;
