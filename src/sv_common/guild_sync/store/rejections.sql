-- name: reject
insert into guild_identity.link_rejections (guild_id, character_id, player_id, reason, rejected_by)
select %(guild_id)s, character_id, player_id, reason, %(actor)s
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(reasons)b::text[])
    as n (character_id, player_id, reason)
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
