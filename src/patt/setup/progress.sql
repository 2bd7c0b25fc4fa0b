-- name: counts
-- What of a guild is there already.
select (select count(*) from guild_identity.wow_characters where guild_id = %(guild_id)s and removed_at is null) as characters,
       (select count(*) from guild_identity.character_profiles p
        join guild_identity.wow_characters c on c.guild_id = p.guild_id and c.id = p.character_id and c.removed_at is null
        where p.guild_id = %(guild_id)s) as profiles,
       (select count(*) from guild_identity.discord_users
        where guild_id = %(guild_id)s and is_present and not is_bot) as members,
       (select count(*) from common.guild_ranks where guild_id = %(guild_id)s) as ranks,
       (select count(*) from common.guild_ranks
        where guild_id = %(guild_id)s and discord_role_id is null and not is_without_role) as undecided,
       (select count(*) from common.guild_ranks where guild_id = %(guild_id)s and name_in_game is not null) as named,
       (select count(*) from common.upload_keys where guild_id = %(guild_id)s and revoked_at is null) as keys
