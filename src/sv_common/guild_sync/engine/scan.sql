-- name: theirs
-- The characters and Discord members of players; and those players whose links by the account may count, or count no longer,
-- because the link of another character of the same account has changed.
select 'character', character_id from guild_identity.player_characters
where guild_id = %(guild_id)s and player_id = any (%(players)s)
union all
select 'member', discord_user_id from guild_identity.players
where guild_id = %(guild_id)s and id = any (%(players)s) and discord_user_id is not null
union all
select 'player', player_id from guild_identity.player_characters
where guild_id = %(guild_id)s and basis = 'account' and character_id = any (array(
    select character_id from guild_identity.account_evidence
    where guild_id = %(guild_id)s and account = any (array(
        select account from guild_identity.account_evidence where guild_id = %(guild_id)s and character_id = any (%(characters)s)))
)) and (select gives_rights from guild_identity.account_settings where guild_id = %(guild_id)s)
