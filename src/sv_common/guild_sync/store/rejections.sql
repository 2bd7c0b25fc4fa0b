-- name: reject
insert into guild_identity.link_rejections (guild_id, character_id, player_id, reason, rejected_by, is_unlinking)
select %(guild_id)s, character_id, player_id, reason, %(actor)s, is_unlinking
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(reasons)b::text[], %(unlinkings)b::boolean[])
    as n (character_id, player_id, reason, is_unlinking)
returning to_jsonb(link_rejections)

-- name: move
-- Let "not this player" be about other players, provided it is still about those that a plan says.
update guild_identity.link_rejections r
set player_id = n.player_id
from unnest(%(character_ids)b::bigint[], %(former_ids)b::bigint[], %(player_ids)b::bigint[])
    as n (character_id, former_id, player_id)
where r.guild_id = %(guild_id)s and r.character_id = n.character_id and r.player_id = n.former_id
returning to_jsonb(r)

-- name: forget
delete from guild_identity.link_rejections r
using unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[]) as n (character_id, player_id)
where r.guild_id = %(guild_id)s and r.character_id = n.character_id and r.player_id = n.player_id
returning to_jsonb(r)

-- name: reject_members
insert into guild_identity.link_rejections (guild_id, player_id, discord_user_id, reason, rejected_by, is_unlinking)
select %(guild_id)s, player_id, discord_user_id, reason, %(actor)s, true
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[], %(reasons)b::text[])
    as n (player_id, discord_user_id, reason)
returning to_jsonb(link_rejections)

-- name: move_members
-- Let "not this member" be about other players, provided it is still about those that a plan says.
update guild_identity.link_rejections r
set player_id = n.player_id
from unnest(%(member_ids)b::bigint[], %(former_ids)b::bigint[], %(player_ids)b::bigint[])
    as n (discord_user_id, former_id, player_id)
where r.guild_id = %(guild_id)s and r.discord_user_id = n.discord_user_id and r.player_id = n.former_id
returning to_jsonb(r)

-- name: forget_members
delete from guild_identity.link_rejections r
using unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, discord_user_id)
where r.guild_id = %(guild_id)s and r.discord_user_id = n.discord_user_id and r.player_id = n.player_id
returning to_jsonb(r)
