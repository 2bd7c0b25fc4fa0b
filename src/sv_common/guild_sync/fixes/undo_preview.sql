-- name: names
-- What the rows of a journal are called now.
select 'character', c.id, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug)
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
union all
select 'player', p.id, p.display_name
from guild_identity.players p
where p.guild_id = %(guild_id)s and p.id = any (%(player_ids)s)
union all
select 'member', d.id, d.display_name
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and d.id = any (%(member_ids)s)
