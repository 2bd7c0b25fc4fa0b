-- name: let_a_day_pass
-- What was found, done and read so far was so a day earlier. Links and players keep their dates: an undo compares their rows.
with issues as (
    update guild_identity.audit_issues
    set created_at = created_at - interval '1 day',
        opened_at = opened_at - interval '1 day',
        resolved_at = resolved_at - interval '1 day',
        notified_at = notified_at - interval '1 day',
        dismissed_at = dismissed_at - interval '1 day'
), moves as (
    update guild_identity.issue_events set at = at - interval '1 day'
), attempts as (
    update guild_identity.fix_attempts
    set started_at = started_at - interval '1 day', undone_at = undone_at - interval '1 day'
), characters as (
    update guild_identity.wow_characters
    set guild_note_as_of = guild_note_as_of - interval '1 day',
        officer_note_as_of = officer_note_as_of - interval '1 day',
        settled_rank_as_of = settled_rank_as_of - interval '1 day'
), profiles as (
    update guild_identity.character_profiles
    set requested_at = requested_at - interval '1 day', fetched_at = fetched_at - interval '1 day'
), exports as (
    update guild_identity.last_exports set as_of = as_of - interval '1 day'
), ranks as (
    update common.guild_ranks set name_as_of = name_as_of - interval '1 day'
)
update guild_identity.sync_log
set started_at = started_at - interval '1 day', finished_at = finished_at - interval '1 day', as_of = as_of - interval '1 day'
