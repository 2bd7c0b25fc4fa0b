-- name: new_player_ids
-- Numbers for players about to be made, so that links can be written in the same plan.
select nextval(pg_get_serial_sequence('guild_identity.players', 'id')) from generate_series(1, %(count)s)

-- name: unlink
-- Take characters from their players, provided they still belong to them; with each, the pointers that this clears.
with wanted as (
    select * from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[]) as w (character_id, player_id)
), taken as (
    delete from guild_identity.player_characters l
    using wanted w
    where l.character_id = w.character_id and l.player_id = w.player_id and l.guild_id = %(guild_id)s
    returning l.*
)
select t.character_id, to_jsonb(t), p.id,
       p.main_character_id = t.character_id, p.offspec_character_id = t.character_id
from taken t
join guild_identity.players p on p.id = t.player_id

-- name: create_players
insert into guild_identity.players (id, guild_id, display_name, discord_user_id, main_character_id, created_by)
select id, %(guild_id)s, display_name, discord_user_id, main_character_id, %(actor)s
from unnest(%(ids)b::bigint[], %(names)b::text[], %(member_ids)b::bigint[], %(main_ids)b::bigint[])
    as n (id, display_name, discord_user_id, main_character_id)
returning id, to_jsonb(players)

-- name: link
insert into guild_identity.player_characters
    (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by)
select character_id, player_id, %(guild_id)s, %(link_source)s, %(confidence)s, evidence, %(actor)s
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(evidences)b::text[])
    as n (character_id, player_id, evidence)
returning character_id, to_jsonb(player_characters)

-- name: attach_discord
update guild_identity.players p
set discord_user_id = n.discord_user_id
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, discord_user_id)
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id is null
returning p.id

-- name: detach_discord
update guild_identity.players p
set discord_user_id = null
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, discord_user_id)
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id = n.discord_user_id

-- name: remember_aliases
insert into guild_identity.player_note_aliases (guild_id, player_id, alias, alias_key, created_by)
select %(guild_id)s, player_id, alias, alias_key, %(actor)s
from unnest(%(player_ids)b::bigint[], %(aliases)b::text[], %(alias_keys)b::text[]) as n (player_id, alias, alias_key)
returning alias_key, to_jsonb(player_note_aliases)

-- name: forget_aliases
-- Delete words, provided they still mean the players that a plan says.
delete from guild_identity.player_note_aliases a
using unnest(%(alias_keys)b::text[], %(player_ids)b::bigint[]) as n (alias_key, player_id)
where a.guild_id = %(guild_id)s and a.alias_key = n.alias_key and a.player_id = n.player_id
returning a.alias_key, to_jsonb(a)

-- name: move_aliases
-- Let words mean other players, provided they still mean those that a plan says.
update guild_identity.player_note_aliases a
set player_id = n.player_id
from unnest(%(alias_keys)b::text[], %(former_ids)b::bigint[], %(player_ids)b::bigint[])
    as n (alias_key, former_id, player_id)
where a.guild_id = %(guild_id)s and a.alias_key = n.alias_key and a.player_id = n.former_id
returning a.alias_key, to_jsonb(a)

-- name: set_mains
-- Provided the main is still the one that a plan says, and the character is the player's.
update guild_identity.players p
set main_character_id = n.character_id
from unnest(%(player_ids)b::bigint[], %(character_ids)b::bigint[], %(former_ids)b::bigint[])
    as n (player_id, character_id, former_id)
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.main_character_id is not distinct from n.former_id
  and exists (select from guild_identity.player_characters l
              where l.player_id = p.id and l.character_id = n.character_id)
returning p.id

-- name: set_offspecs
-- Provided there is none yet, and the character is the player's.
update guild_identity.players p
set offspec_character_id = n.character_id
from unnest(%(player_ids)b::bigint[], %(character_ids)b::bigint[]) as n (player_id, character_id)
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.offspec_character_id is null
  and exists (select from guild_identity.player_characters l
              where l.player_id = p.id and l.character_id = n.character_id)
returning p.id

-- name: reject
insert into guild_identity.link_rejections (guild_id, character_id, player_id, reason, rejected_by)
select %(guild_id)s, character_id, player_id, reason, %(actor)s
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(reasons)b::text[])
    as n (character_id, player_id, reason)
returning to_jsonb(link_rejections)

-- name: move_rejections
-- Let "not this player" be about other players, provided it is still about those that a plan says.
update guild_identity.link_rejections r
set player_id = n.player_id
from unnest(%(character_ids)b::bigint[], %(former_ids)b::bigint[], %(player_ids)b::bigint[])
    as n (character_id, former_id, player_id)
where r.guild_id = %(guild_id)s and r.character_id = n.character_id and r.player_id = n.former_id
returning to_jsonb(r)

-- name: forget_rejections
delete from guild_identity.link_rejections r
using unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[]) as n (character_id, player_id)
where r.guild_id = %(guild_id)s and r.character_id = n.character_id and r.player_id = n.player_id
returning to_jsonb(r)

-- name: delete_players
-- Provided nothing is left to them but the Discord member that a plan says. With each, the issues that pointed to it,
-- which then point to nobody.
with deleted as (
    delete from guild_identity.players p
    using unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, member_id)
    where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id is not distinct from n.member_id
      and not exists (select from guild_identity.player_characters l where l.player_id = p.id)
      and not exists (select from guild_identity.player_note_aliases a where a.player_id = p.id)
      and not exists (select from guild_identity.link_rejections r where r.player_id = p.id)
    returning p.id, to_jsonb(p) as row
)
select d.id, d.row, array(select i.id from guild_identity.audit_issues i where i.player_id = d.id order by i.id)
from deleted d
