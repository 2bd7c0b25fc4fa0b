-- name: members
-- The characters in the guild that belong to an account, with their players.
select e.account, case when e.achievements is null then 'pets' else 'achievements' end, c.id, c.character_name, c.realm_slug, p.id, p.display_name
from guild_identity.account_evidence e
join guild_identity.wow_characters c on c.guild_id = e.guild_id and c.id = e.character_id and c.removed_at is null
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where e.guild_id = %(guild_id)s and e.account is not null
order by e.account, c.name_key, c.realm_slug

-- name: counts
-- The characters in the guild, and those of them of which nothing is read.
select count(*)::integer, count(n.character_id)::integer
from guild_identity.wow_characters c
left join guild_identity.not_compared n on n.guild_id = c.guild_id and n.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null
