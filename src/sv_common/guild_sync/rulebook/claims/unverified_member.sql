-- name: members
-- Members of the Discord server with a character in the guild: how many characters they have here, how many of these they have
-- proven, and when they last signed in with Battle.net. A bank or shared character belongs to no one.
select d.id as member_id, d.display_name as member, d.username, p.id as player_id, p.display_name as player,
       count(*) as characters, count(*) filter (where l.basis = 'proven') as proven,
       (array_agg(c.character_name || '-' || coalesce(c.realm_name, c.realm_slug)
                  order by c.id is distinct from p.main_character_id, c.rank_index, c.name_key, c.id))[1] as character,
       (select max(m.claimed_at) from guild_identity.claims m
        where m.guild_id = p.guild_id and m.discord_user_id = d.id) as signed_in_at
from guild_identity.players p
join guild_identity.discord_users d on d.guild_id = p.guild_id and d.id = p.discord_user_id
join guild_identity.player_characters l on l.guild_id = p.guild_id and l.player_id = p.id
join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id
where p.guild_id = %(guild_id)s and d.is_present and not d.is_bot and c.removed_at is null
group by d.id, d.display_name, d.username, p.guild_id, p.id, p.display_name
order by lower(d.display_name), d.id
