-- What officers ask for and a worker does: scans and fixes. It moves between four states:
--   waiting -> running (a worker has begun)   running -> done, failed      waiting -> failed (nobody came for a day)
-- A row that runs while its worker died is taken up by the next one, which counts the try.
create table guild_identity.work_requests (
    id bigint generated always as identity primary key,
    guild_id integer not null references guild_identity.guilds on delete cascade,
    kind text not null check (kind <> ''),
    arguments jsonb not null default '{}' check (jsonb_typeof(arguments) = 'object'),
    actor text not null,
    asked_at timestamptz not null default now(),
    state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
    attempts integer not null default 0,
    issue_ids bigint[],  -- what a fix is about, as it was when the first try began; null: not begun, or no fix
    done integer not null default 0 check (done >= 0),
    total integer not null default 0 check (total >= done),  -- 0: not known yet
    doing text,          -- what is being done now, in words
    sentence text,       -- what came of it
    result jsonb,        -- the same as data; null where it failed
    started_at timestamptz,
    finished_at timestamptz,
    check ((state in ('done', 'failed')) = (finished_at is not null)),
    check ((finished_at is null) = (sentence is null))
);

-- The arguments are hashed because many issue numbers are longer than an index takes.
create unique index one_request_of_a_kind_waits on guild_identity.work_requests (guild_id, kind, md5(arguments::text))
    where state = 'waiting';
create index requests_of_guild on guild_identity.work_requests (guild_id, id desc);
create index requests_under_way on guild_identity.work_requests (guild_id, id) where finished_at is null;

-- Notices on the channel patt_live: which guild, what kind of change, and the numbers of the rows; no names and no notes.
-- PostgreSQL delivers them when the transaction has committed, and never when it has not.
create function guild_identity.tell_of_rows() returns trigger language plpgsql as $$
begin
    perform pg_notify('patt_live', json_build_object(
                'guild', guild_id, 'kind', tg_argv[0], 'first', min(id), 'last', max(id))::text)
    from changed
    where guild_id is not null
    group by guild_id;
    return null;
end
$$;

create function guild_identity.tell_of_jobs() returns trigger language plpgsql as $$
begin
    perform pg_notify('patt_live', json_build_object('guild', args -> 'guild_id', 'kind', 'jobs')::text)
    from changed
    where args ? 'guild_id'
    group by args -> 'guild_id';
    return null;
end
$$;

create trigger tell_of_new after insert on guild_identity.issue_events
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('issues');
create trigger tell_of_new after insert on guild_identity.fix_attempts
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('attempts');
create trigger tell_of_changed after update on guild_identity.fix_attempts
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('attempts');
create trigger tell_of_new after insert on guild_identity.sync_log
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('runs');
create trigger tell_of_changed after update on guild_identity.sync_log
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('runs');
create trigger tell_of_new after insert on guild_identity.match_requests
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('matches');
create trigger tell_of_changed after update on guild_identity.match_requests
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('matches');
create trigger tell_of_new after insert on guild_identity.work_requests
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('work');
create trigger tell_of_changed after update on guild_identity.work_requests
    referencing new table as changed for each statement execute function guild_identity.tell_of_rows('work');

create trigger tell_of_new after insert on jobs.procrastinate_jobs
    referencing new table as changed for each statement execute function guild_identity.tell_of_jobs();
create trigger tell_of_changed after update on jobs.procrastinate_jobs
    referencing new table as changed for each statement execute function guild_identity.tell_of_jobs();
create trigger tell_of_gone after delete on jobs.procrastinate_jobs
    referencing old table as changed for each statement execute function guild_identity.tell_of_jobs();
