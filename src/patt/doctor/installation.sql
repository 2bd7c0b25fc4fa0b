-- name: access
-- Whether this connection may write, and which of PATT's tables it may not read and write.
select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean,
       coalesce(array_agg(n.nspname || '.' || c.relname order by n.nspname, c.relname) filter (
           where not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
                      and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))), '{}')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname in ('common', 'guild_identity', 'jobs')

-- name: work
-- How many workers have sent a heartbeat lately, and how much waits for one.
select (select count(*) from jobs.procrastinate_workers
        where last_heartbeat between now() - make_interval(secs => %(dead_after_s)s) and now() + interval '5 minutes'),
       (select count(*) from jobs.procrastinate_jobs
        where status in ('todo', 'doing') and coalesce(scheduled_at, now()) <= now()),
       (select count(*) from guild_identity.addon_uploads where state = 'received')
