-- name: characters
-- Every character still in the guild, and those that left but are still linked: notes go on naming a main that is gone.
select c.id, c.character_name, c.name_key, c.realm_slug, c.realm_key, c.realm_name, c.guild_note,
       l.player_id, l.link_source, c.removed_at is null
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.character_id = c.id
where c.guild_id = %(guild_id)s and (c.removed_at is null or l.player_id is not null)
order by c.id

-- name: players
select id, display_name, discord_user_id, main_character_id, offspec_character_id
from guild_identity.players
where guild_id = %(guild_id)s
order by id

-- name: discord
-- People on the Discord server, and those who left it but are a player still.
select d.id, d.discord_id, d.username, d.global_name, d.display_name, d.is_present
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and not d.is_bot
  and (d.is_present or exists (select from guild_identity.players p where p.discord_user_id = d.id))
order by id

-- name: words
-- What people have said: aliases that mean a player, each as it is written, "this character is not this player", and what
-- a word is in this guild (null: no word of the vocabulary).
select 'alias', alias_key, player_id, null::bigint, alias
from guild_identity.aliases_in_use
where guild_id = %(guild_id)s
union all
select 'rejection', '', player_id, character_id, null
from guild_identity.link_rejections
where guild_id = %(guild_id)s
union all
select 'category', word, null, null, category
from guild_identity.guild_words
where guild_id = %(guild_id)s
order by 1, 2, 3, 4
