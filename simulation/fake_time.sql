-- name: install
-- A row that holds the time, functions of the usual names that read it, and defaults of columns that ask them. A session
-- that looks into this schema before pg_catalog then takes them for its own; the statements of the product stay as they are.
create schema simulated_time;

create table simulated_time.clock (now timestamptz not null) with (fillfactor = 10);
insert into simulated_time.clock values (pg_catalog.now());

create function simulated_time.now() returns timestamptz
    language sql stable as 'select c.now from simulated_time.clock c';
create function simulated_time.transaction_timestamp() returns timestamptz
    language sql stable as 'select c.now from simulated_time.clock c';
create function simulated_time.statement_timestamp() returns timestamptz
    language sql stable as 'select c.now from simulated_time.clock c';
create function simulated_time.clock_timestamp() returns timestamptz
    language sql volatile as 'select c.now from simulated_time.clock c';

-- What is bound to a guild reads the time as this role.
grant usage on schema simulated_time to patt_guild;
grant select on simulated_time.clock to patt_guild;

do $$
declare
    each record;
begin
    for each in
        select format('%I.%I', n.nspname, c.relname) as table_name, a.attname as column_name,
               replace(pg_get_expr(d.adbin, d.adrelid), 'now()', 'simulated_time.now()') as its_default
        from pg_attrdef d
        join pg_class c on c.oid = d.adrelid
        join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where n.nspname in ('common', 'guild_identity') and pg_get_expr(d.adbin, d.adrelid) ~ '\mnow\(\)'
    loop
        execute format('alter table %s alter column %I set default %s', each.table_name, each.column_name, each.its_default);
    end loop;
end $$

-- name: set
update simulated_time.clock set now = to_timestamp(%(seconds)s)

-- name: real_defaults
-- Columns that would take their default from the real clock; asked in a session that has the other functions before it.
select format('%I.%I', c.relname, a.attname)
from pg_attrdef d
join pg_class c on c.oid = d.adrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
where n.nspname in ('common', 'guild_identity') and pg_get_expr(d.adbin, d.adrelid) ~ 'pg_catalog[.](now|.*timestamp)'
