-- name: find
-- Characters in the guild that belong to no player, but for those that an officer has marked as a bank or shared.
select c.id, c.character_name, coalesce(c.realm_name, c.realm_slug), c.guild_note
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.removed_at is null
  and not exists (select from guild_identity.player_characters l where l.guild_id = c.guild_id and l.character_id = c.id)
  and not exists (select from guild_identity.shared_characters s where s.guild_id = c.guild_id and s.character_id = c.id)
  and (%(among)s::bigint[] is null or c.id = any (%(among)s::bigint[]))
order by c.id
