-- name: new_ids
-- Numbers for players about to be made, so that links can be written in the same plan.
select nextval(pg_get_serial_sequence('guild_identity.players', 'id')) from generate_series(1, %(count)s)

-- name: create
insert into guild_identity.players
    (id, guild_id, display_name, discord_user_id, main_character_id, created_by, discord_basis, discord_vouched_by,
     discord_vouched_at)
select n.id, %(guild_id)s, n.display_name, n.discord_user_id, n.main_character_id, %(actor)s,
       case when n.discord_user_id is not null then case when %(vouches)s then 'officer' else n.basis end end,
       case when n.discord_user_id is not null and %(vouches)s then %(actor)s::text end,
       case when n.discord_user_id is not null and %(vouches)s then now() end
from unnest(%(ids)b::bigint[], %(names)b::text[], %(member_ids)b::bigint[], %(main_ids)b::bigint[], %(bases)b::text[])
    as n (id, display_name, discord_user_id, main_character_id, basis)
returning id, to_jsonb(players)

-- name: attach_discord
-- With each player, what stood there of its Discord member before and what stands there now.
update guild_identity.players p
set discord_user_id = n.discord_user_id, discord_basis = case when %(vouches)s then 'officer' else n.basis end,
    discord_vouched_by = case when %(vouches)s then %(actor)s::text end,
    discord_vouched_at = case when %(vouches)s then now() end
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[], %(bases)b::text[]) as n (player_id, discord_user_id, basis)
join guild_identity.players was on was.id = n.player_id
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id is null
returning p.id, to_jsonb(was), to_jsonb(p)

-- name: detach_discord
update guild_identity.players p
set discord_user_id = null, discord_basis = null, discord_vouched_by = null, discord_vouched_at = null
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, discord_user_id)
join guild_identity.players was on was.id = n.player_id
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id = n.discord_user_id
returning p.id, to_jsonb(was), to_jsonb(p)

-- name: confirm_members
-- Vouch for it that players are the members that evidence has made them, provided they still are and nobody vouched yet.
update guild_identity.players p
set discord_basis = 'officer', discord_vouched_by = %(actor)s, discord_vouched_at = now()
from unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, discord_user_id)
join guild_identity.players was on was.id = n.player_id
where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id = n.discord_user_id
  and p.discord_vouched_by is null
returning p.id, to_jsonb(was), to_jsonb(p)

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

-- name: delete
-- Provided nothing that counts is left to them but the Discord member that a plan says. With each, the issues that pointed to it,
-- which then point to nobody.
with deleted as (
    delete from guild_identity.players p
    using unnest(%(player_ids)b::bigint[], %(member_ids)b::bigint[]) as n (player_id, member_id)
    where p.id = n.player_id and p.guild_id = %(guild_id)s and p.discord_user_id is not distinct from n.member_id
      and not exists (select from guild_identity.player_characters l where l.player_id = p.id)
      and not exists (select from guild_identity.aliases_in_use a where a.player_id = p.id)
      and not exists (select from guild_identity.link_rejections r where r.player_id = p.id)
    returning p.id, to_jsonb(p) as row
)
select d.id, d.row, array(select i.id from guild_identity.audit_issues i where i.player_id = d.id order by i.id)
from deleted d
