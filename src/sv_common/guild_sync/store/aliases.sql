-- name: forget_unused
-- Make room for words that a match once learned and no note of their players bears any more; return them.
delete from guild_identity.player_note_aliases a
where a.guild_id = %(guild_id)s and a.alias_key = any (%(alias_keys)b::text[])
  and not exists (select from guild_identity.aliases_in_use u where u.id = a.id)
returning to_jsonb(a)

-- name: remember
insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by, source)
select %(guild_id)s, player_id, alias, alias_key, %(actor)s, %(source)s
from unnest(%(player_ids)b::bigint[], %(aliases)b::text[], %(alias_keys)b::text[]) as n (player_id, alias, alias_key)
returning alias_key, to_jsonb(player_note_aliases)

-- name: forget
-- Delete words, provided they still mean the players that a plan says.
delete from guild_identity.player_note_aliases a
using unnest(%(alias_keys)b::text[], %(player_ids)b::bigint[]) as n (alias_key, player_id)
where a.guild_id = %(guild_id)s and a.alias_key = n.alias_key and a.player_id = n.player_id
returning a.alias_key, to_jsonb(a)

-- name: move
-- Let words mean other players, provided they still mean those that a plan says.
update guild_identity.player_note_aliases a
set player_id = n.player_id
from unnest(%(alias_keys)b::text[], %(former_ids)b::bigint[], %(player_ids)b::bigint[])
    as n (alias_key, former_id, player_id)
where a.guild_id = %(guild_id)s and a.alias_key = n.alias_key and a.player_id = n.former_id
returning a.alias_key, to_jsonb(a)
