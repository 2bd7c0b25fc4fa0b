-- name: rank
select r.name
from guild_identity.wow_characters c
join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
where c.guild_id = %(guild_id)s and c.id = %(character_id)s

-- name: link
-- Who linked a character to its player, how, when and why.
select player_id, link_source, linked_by, created_at as at, evidence, basis, basis_note, confirmed_by, confirmed_at
from guild_identity.player_characters
where guild_id = %(guild_id)s and character_id = %(character_id)s

-- name: unlinked
-- The last time that somebody took a character from a player, where that still stands.
select about ->> 'name' as player, a.actor, a.started_at as at
from guild_identity.fix_attempts a
cross join lateral jsonb_array_elements(a.plan) each
cross join lateral jsonb_array_elements(each -> 'about') about
where a.guild_id = %(guild_id)s and a.outcome = 'fixed' and a.undone_at is null
  and a.plan @> jsonb_build_array(jsonb_build_object('table', 'link', 'id', %(character_id)s::bigint))
  and each ->> 'table' = 'link' and (each ->> 'id')::bigint = %(character_id)s
  and about -> 'player' = each -> 'before' -> 'player_id' and each -> 'after' -> 'player_id' is distinct from about -> 'player'
order by a.id desc
limit 1

-- name: shared
-- Who marked a character as a bank or shared, when and why.
select marked_by, created_at as at, reason
from guild_identity.shared_characters
where guild_id = %(guild_id)s and character_id = %(character_id)s

-- name: rejections
-- Whose a character is not, by an officer's word.
select player_id, rejected_by, created_at as at, reason
from guild_identity.link_rejections
where guild_id = %(guild_id)s and character_id = %(character_id)s
order by created_at desc, player_id

-- name: member_rejections
-- Which players a Discord member is not, by an officer's word.
select player_id, rejected_by, created_at as at, reason
from guild_identity.link_rejections
where guild_id = %(guild_id)s and discord_user_id = %(member_id)s
order by created_at desc, player_id
