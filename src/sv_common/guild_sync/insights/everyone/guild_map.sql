-- name: nodes
-- Everyone as nodes of a map: players; characters in the guild; people on Discord who are a player or have a role that a
-- rank gives. Bank and shared characters belong to no one, so they are no loose end.
select 'player' as kind, p.id, p.display_name as name, null as character_class, null::integer as rank_index
from guild_identity.players p
where p.guild_id = %(guild_id)s
union all
select case when s.character_id is null then 'character' else 'shared' end, c.id,
       c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), c.character_class, c.rank_index
from guild_identity.wow_characters c
left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null
union all
select 'member', d.id, d.display_name, null, null
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and not d.is_bot and (
    exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id)
    or d.is_present and exists (select from common.guild_ranks r
                                where r.guild_id = d.guild_id and r.discord_role_id = any (d.all_guild_roles)))

-- name: edges
-- Which character and which Discord member is which player's, and what that rests on.
select 'character' as kind, l.character_id as id, l.player_id,
       case when l.basis = 'proven' then l.basis when l.confirmed_by is not null then 'officer' else l.basis end as proof
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id and c.removed_at is null
where l.guild_id = %(guild_id)s
union all
select 'member', p.discord_user_id, p.id,
       case when p.discord_basis = 'proven' then p.discord_basis when p.discord_confirmed_by is not null then 'officer'
            else coalesce(p.discord_basis, 'name') end
from guild_identity.players p
where p.guild_id = %(guild_id)s and p.discord_user_id is not null
