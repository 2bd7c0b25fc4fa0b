-- name: find
-- Claimed characters in the guild that are not their member's: the newest sign-in that has one counts. What an officer has said
-- since settles it. And accounts with which another member has signed in: told once, with the first of the claim's characters.
with newest as (
    select distinct on (h.character_id) h.*
    from guild_identity.claimed_here h
    where h.guild_id = %(guild_id)s
    order by h.character_id, h.proven_at desc, h.claim_id desc
),
contests as (
    select distinct on (t.claim_id) t.claim_id, t.discord_user_id, t.contested_at,
           (select min(n.character_id) from newest n where n.claim_id = t.claim_id) as character_id
    from guild_identity.claim_contests t
    where t.guild_id = %(guild_id)s
    order by t.claim_id, t.contested_at desc, t.discord_user_id
),
-- What an officer has said of each character since its member has proven it. It is asked for in several places; to plan it
-- for each of them takes longer than the rest of the statement.
settled as materialized (
    select n.character_id, greatest(
        l.confirmed_at, s.created_at,
        (select max(r.created_at) from guild_identity.link_rejections r
         where r.guild_id = n.guild_id and r.character_id = n.character_id and r.player_id = own.id),
        (select max(r.created_at) from guild_identity.link_rejections r
         where r.guild_id = n.guild_id and r.discord_user_id = n.discord_user_id and r.player_id = l.player_id)) as at
    from newest n
    left join guild_identity.players own on own.guild_id = n.guild_id and own.discord_user_id = n.discord_user_id
    left join guild_identity.player_characters l on l.guild_id = n.guild_id and l.character_id = n.character_id
    left join guild_identity.shared_characters s on s.guild_id = n.guild_id and s.character_id = n.character_id
)
select c.id as character_id, c.character_name as name, coalesce(c.realm_name, c.realm_slug) as realm,
       d.id as member_id, d.display_name as member, (n.proven_at at time zone 'UTC')::date::text as proven_on,
       n.was_outside, own.id as player_id, own.display_name as player,
       l.player_id as other_id, o.display_name as other, l.basis, l.confirmed_by, l.link_source,
       s.at is null or s.at <= n.proven_at as is_unsettled,
       r.id is not null as is_ruled_out, coalesce(r.is_unlinking, false) as is_unlinking, r.rejected_by, r.reason as rejected_why,
       b.character_id is not null as is_shared, b.marked_by, b.reason as shared_why,
       rival.id as rival_id, rival.display_name as rival, (t.contested_at at time zone 'UTC')::date::text as contested_on
from newest n
join settled s on s.character_id = n.character_id
join guild_identity.wow_characters c on c.guild_id = n.guild_id and c.id = n.character_id
join guild_identity.discord_users d on d.guild_id = n.guild_id and d.id = n.discord_user_id
left join guild_identity.players own on own.guild_id = n.guild_id and own.discord_user_id = d.id
left join guild_identity.player_characters l on l.guild_id = n.guild_id and l.character_id = c.id
left join guild_identity.players o on o.guild_id = n.guild_id and o.id = l.player_id
left join guild_identity.link_rejections r on r.guild_id = n.guild_id and r.character_id = c.id and r.player_id = own.id
left join guild_identity.shared_characters b on b.guild_id = n.guild_id and b.character_id = c.id
left join contests t on t.claim_id = n.claim_id and t.character_id = c.id and (s.at is null or s.at < t.contested_at)
left join guild_identity.discord_users rival on rival.guild_id = n.guild_id and rival.id = t.discord_user_id
where rival.id is not null
   or ((s.at is null or s.at <= n.proven_at) and (l.player_id is null or own.id is null or l.player_id <> own.id))
order by c.id
