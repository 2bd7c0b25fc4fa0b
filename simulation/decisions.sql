-- name: words
-- Everything that only a person's word makes or changes, as text; of one guild, or (null) of all.
select guild_id, kind, word
from (
    select guild_id, 'player' as kind, id::text as word from guild_identity.players
    union all
    select guild_id, 'link', concat_ws(' ', character_id, 'to', player_id, link_source, linked_by)
    from guild_identity.player_characters where link_source in ('manual', 'officer_fix')
    union all
    select guild_id, 'word for a link', concat_ws(' ', character_id, 'to', player_id, 'by', confirmed_by)
    from guild_identity.player_characters where confirmed_by is not null
    union all
    select guild_id, 'word for a member', concat_ws(' ', id, 'is', discord_user_id, 'by', discord_confirmed_by)
    from guild_identity.players where discord_confirmed_by is not null
    union all
    select guild_id, 'rejection', concat_ws(' ', coalesce('member ' || discord_user_id, character_id::text), 'of', player_id)
    from guild_identity.link_rejections
    union all
    select guild_id, 'shared', concat_ws(' ', character_id, 'by', marked_by) from guild_identity.shared_characters
    union all
    select guild_id, 'hiatus', concat_ws(' ', player_id, 'until', until, 'by', set_by) from guild_identity.hiatuses
    union all
    select guild_id, 'alias', concat_ws(' ', alias_key, 'of', player_id) from guild_identity.player_note_aliases
) said
where %(guild_id)s::integer is null or guild_id = %(guild_id)s

-- name: outdated_dismissals
-- Issues whose last dismissal ended because what it rested on has changed, which the log says; not one that a person woke.
select guild_id, issue_id
from (
    select distinct on (issue_id) guild_id, issue_id, event, reason
    from guild_identity.issue_events
    where event in ('dismissed', 'recurred', 'reopened') and (%(guild_id)s::integer is null or guild_id = %(guild_id)s)
    order by issue_id, id desc
) last
where event = 'recurred' and reason ~ '^Dismissed .*; now '

-- name: dismissals
select guild_id, id, dismissed_by, dismissed_until
from guild_identity.audit_issues
where dismissed_at is not null and (%(guild_id)s::integer is null or guild_id = %(guild_id)s)
