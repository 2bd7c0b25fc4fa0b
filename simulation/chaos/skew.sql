-- name: install
-- Let the clock of the database be the real one, moved by what the row says: its distance from 1970.
create or replace function simulated_time.now() returns timestamptz
    language sql stable as 'select pg_catalog.now() + (c.now - timestamptz ''epoch'') from simulated_time.clock c';
create or replace function simulated_time.transaction_timestamp() returns timestamptz
    language sql stable as 'select pg_catalog.now() + (c.now - timestamptz ''epoch'') from simulated_time.clock c';
create or replace function simulated_time.statement_timestamp() returns timestamptz
    language sql stable as 'select pg_catalog.statement_timestamp() + (c.now - timestamptz ''epoch'') from simulated_time.clock c';
create or replace function simulated_time.clock_timestamp() returns timestamptz
    language sql volatile as 'select pg_catalog.clock_timestamp() + (c.now - timestamptz ''epoch'') from simulated_time.clock c';
update simulated_time.clock set now = timestamptz 'epoch'

-- name: jump
update simulated_time.clock set now = now + make_interval(secs => %(seconds)s)

-- name: now
select clock_timestamp()

-- name: runs_since
-- Of each guild and pipeline how the newest run ended that began after a moment.
select distinct on (guild_id, pipeline) guild_id, pipeline, status
from guild_identity.sync_log
where started_at >= %(since)s
order by guild_id, pipeline, started_at desc

-- name: ends
-- What became of that which was acknowledged: an upload, a full match, a job of an officer.
select 'upload', id, state from guild_identity.addon_uploads
union all
select 'match', id, state from guild_identity.match_requests
union all
select 'job', id, state from guild_identity.work_requests
