-- name: read_long_ago
-- Let a character that has left the guild have been read, and have left, so many days ago.
with gone as (
    update guild_identity.wow_characters
    set first_seen = now() - make_interval(secs => %(days)s * 86400), removed_at = now() - make_interval(secs => %(days)s * 86400)
    where guild_id = %(guild_id)s and name_key = %(key)s and removed_at is not null
    returning id
)
update guild_identity.character_profiles p
set requested_at = now() - make_interval(secs => %(days)s * 86400), fetched_at = now() - make_interval(secs => %(days)s * 86400)
from gone
where p.character_id = gone.id
