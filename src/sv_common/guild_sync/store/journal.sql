-- name: current_rows
-- Rows as they are now. With each player, how much hangs on it besides what is asked for; with each link, how often its
-- player points to it.
select 'link',
       to_jsonb(l) || jsonb_build_object(
           'character_name', (select c.character_name from guild_identity.wow_characters c where c.id = l.character_id)),
       (select count(*) filter (where p.main_character_id = l.character_id)
               + count(*) filter (where p.offspec_character_id = l.character_id)
        from guild_identity.players p where p.id = l.player_id)
from guild_identity.player_characters l
where l.character_id = any (%(character_ids)s)
union all
select 'player', to_jsonb(p),
       (select count(*) from guild_identity.player_characters l
        where l.player_id = p.id and not l.character_id = any (%(character_ids)s))
       + (select count(*) from guild_identity.player_note_aliases a
          where a.player_id = p.id and not a.id = any (%(alias_ids)s))
       + (select count(*) from guild_identity.link_rejections r
          where r.player_id = p.id and not r.id = any (%(rejection_ids)s))
       + (select count(*) from common.vouched_links v where v.player_id = p.id)
from guild_identity.players p
where p.id = any (%(player_ids)s)
union all
select 'alias', to_jsonb(a), 0
from guild_identity.player_note_aliases a
where a.id = any (%(alias_ids)s)
union all
select 'rejection', to_jsonb(r), 0
from guild_identity.link_rejections r
where r.id = any (%(rejection_ids)s)
union all
select 'vouch', to_jsonb(v), 0
from common.vouched_links v
where v.character_id = any (%(vouched_ids)s)

-- name: contradictions
-- Links that would be there again and of which an officer has said since that they are wrong, and the other way round.
select 'link'
from unnest(%(link_characters)s::bigint[], %(link_players)s::bigint[]) as n (character_id, player_id)
join guild_identity.link_rejections r using (character_id, player_id)
where r.created_at > %(written_at)s
union all
select 'rejection'
from unnest(%(rejected_characters)s::bigint[], %(rejected_players)s::bigint[]) as n (character_id, player_id)
join guild_identity.player_characters l using (character_id, player_id)
union all
select 'member'
from unnest(%(member_players)s::bigint[], %(members)s::bigint[]) as n (player_id, discord_user_id)
join guild_identity.link_rejections r using (player_id, discord_user_id)
where r.created_at > %(written_at)s
union all
select 'member rejection'
from unnest(%(rejected_players)s::bigint[], %(rejected_members)s::bigint[]) as n (player_id, discord_user_id)
join guild_identity.players p on p.id = n.player_id and p.discord_user_id = n.discord_user_id
where not p.id = any (%(member_players)s::bigint[])

-- name: swept_along
select 'vouch', v.character_id, to_jsonb(v) from common.vouched_links v where v.player_id = any (%(player_ids)s)
union all
select 'alias', a.id, to_jsonb(a) from guild_identity.player_note_aliases a where a.player_id = any (%(player_ids)s)
