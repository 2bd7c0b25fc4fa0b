-- name: left_as_they_are
-- The characters of which an officer has said that note and link may contradict each other.
select wow_character_id
from guild_identity.audit_issues
where guild_id = %(guild_id)s and issue_type = 'note_mismatch' and state = 'dismissed' and wow_character_id is not null
