-- name: theirs
-- The characters and Discord members of players.
select 'character', character_id from guild_identity.player_characters
where guild_id = %(guild_id)s and player_id = any (%(players)s)
union all
select 'member', discord_user_id from guild_identity.players
where guild_id = %(guild_id)s and id = any (%(players)s) and discord_user_id is not null
