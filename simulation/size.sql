-- name: tables
-- How large each table of the product is with its indexes, in bytes, and how many rows it has, as counted by a vacuum.
select n.nspname || '.' || c.relname, pg_total_relation_size(c.oid), greatest(c.reltuples, 0)::bigint
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('common', 'guild_identity') and c.relkind in ('r', 'p')
order by 1
