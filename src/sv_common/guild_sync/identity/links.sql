-- name: with_another_note
select l.character_id
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.id = l.character_id and c.removed_at is null
where l.guild_id = %(guild_id)s and c.guild_note is not null and c.guild_note is distinct from l.basis_note

-- name: follow_notes
update guild_identity.player_characters l
set basis_note = c.guild_note
from guild_identity.wow_characters c
where c.id = l.character_id and l.guild_id = %(guild_id)s and l.character_id = any (%(character_ids)s)
