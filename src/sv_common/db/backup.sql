-- name: others
-- Connections of the same login that would go on with what they knew before.
select count(*) from pg_stat_activity
where datname = current_database() and usename = current_user and pid <> pg_backend_pid()

-- name: tables
select format('%%I.%%I', nspname, relname) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'r' and nspname = any (%(schemas)s) order by 1

-- name: guilds
select name from guild_identity.guilds order by id

-- name: clear
-- The role belongs to the server: a new one does not have it yet.
set lock_timeout = '15s';
do $$ begin
    if not exists (select from pg_roles where rolname = 'patt_guild') then
        create role patt_guild nologin;
    end if;
    if not pg_has_role(current_user, 'patt_guild', 'member') then
        execute format('grant patt_guild to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception using
            errcode = 'insufficient_privilege',
            message = format('the login %s may not make the role patt_guild; as an administrator of the server run: '
                'create role patt_guild nologin (if there is none), then: grant patt_guild to %I', current_user, current_user);
end $$;
drop schema if exists jobs, guild_identity, common cascade;
drop table if exists public.alembic_version;
