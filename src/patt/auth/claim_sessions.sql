-- name: begin
insert into common.claim_sessions (token_hash, discord_id, name, guild_id, expires_at)
values (%(session)s, %(discord_id)s, %(name)s, %(guild_id)s, now() + %(lifetime)s)

-- name: holder
-- Whose session it is, and which language their guild speaks. A member who has left the server has none any more.
select s.discord_id, s.name, s.guild_id, g.language
from common.claim_sessions s
left join guild_identity.guilds g on g.id = s.guild_id
where s.token_hash = %(session)s and s.expires_at > now()
  and exists (select from guild_identity.discord_users d
              where d.discord_id = s.discord_id and d.is_present and not d.is_bot
                and (s.guild_id is null or d.guild_id = s.guild_id))

-- name: guilds
-- The guilds on whose Discord servers somebody is.
select g.id, g.name
from guild_identity.discord_users d
join guild_identity.guilds g on g.id = d.guild_id
where d.discord_id = %(discord_id)s and d.is_present and not d.is_bot
order by g.name, g.id

-- name: move
update common.claim_sessions set token_hash = %(new)s, guild_id = %(guild_id)s
where token_hash = %(session)s and expires_at > now()

-- name: end
delete from common.claim_sessions where token_hash = %(session)s

-- name: end_all
delete from common.claim_sessions
