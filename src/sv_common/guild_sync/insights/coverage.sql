-- name: by_basis
-- How many of the characters that should have a player have one, by what stands for the link, and how many have none. Who left,
-- is gone according to Battle.net, or is a bank or shared character, does not count.
select case when l.player_id is null then 'none' when l.basis <> 'proven' and l.confirmed_by is not null then 'officer'
            else l.basis end as basis, count(*)
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.character_profiles p on p.guild_id = c.guild_id and p.character_id = c.id
left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null and p.gone_confirmed_at is null and s.character_id is null
group by 1
