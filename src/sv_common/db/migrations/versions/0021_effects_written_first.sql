-- A change on Discord is written down before it is made. An attempt that changes roles moves so:
--   running -> fixed, failed        (made, looked at, and recorded; or found on Discord after whoever made it died)
--   running -> unverified           (Discord was told to, and nobody could look whether it did)
-- An undo of roles is written down first, too: `undoing_at` is set until it is finished and looked at.
alter table guild_identity.fix_attempts
    drop constraint fix_attempts_outcome_check,
    add constraint fix_attempts_outcome_check
        check (outcome in ('running', 'fixed', 'refused', 'failed', 'unverified')),
    -- The role changes that were about to be made, in the shape of `changes`: what to look for on Discord.
    add column intended jsonb not null default '[]',
    add column undoing_at timestamptz,
    add column undoing_by text,
    -- What a partial undo has put back already; what is left to be undone stays in `changes`.
    add column undone_changes jsonb not null default '[]',
    add column partly_undone_at timestamptz,
    add column partly_undone_by text,
    add constraint partly_undone_by_whom
        check ((undone_changes = '[]') = (partly_undone_at is null) and (partly_undone_at is null) = (partly_undone_by is null)),
    add constraint undoing_by_whom check ((undoing_at is null) = (undoing_by is null)),
    add constraint undone_is_not_being_undone check (undone_at is null or undoing_at is null),
    add constraint running_has_an_intent check (outcome <> 'running' or intended <> '[]');

create index unfinished_attempts on guild_identity.fix_attempts (guild_id, id)
    where outcome = 'running' or undoing_at is not null;
