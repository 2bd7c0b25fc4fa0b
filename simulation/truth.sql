-- name: characters
select character_name, realm_slug, blizzard_character_id, rank_index, guild_note, officer_note
from guild_identity.wow_characters
where guild_id = %(guild_id)s and removed_at is null

-- name: members
select discord_id, username, display_name, array_to_string(all_guild_roles, ' ')
from guild_identity.discord_users
where guild_id = %(guild_id)s and is_present

-- name: left_to_do
select 'upload', guild_id, id from guild_identity.addon_uploads where state = 'received'
union all
select 'run', guild_id, id from guild_identity.sync_log where status = 'running'
union all
select 'attempt', guild_id, id from guild_identity.fix_attempts where outcome = 'running' or undoing_at is not null
