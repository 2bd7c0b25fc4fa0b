-- name: put
-- For every character of the player, or for the one that has none. One that another objection covers objects on its own now.
insert into guild_identity.account_objections (guild_id, key, character_id, objected_by)
select %(guild_id)s, n.key, n.id, %(actor)s from unnest(%(keys)b::bytea[], %(ids)b::bigint[]) as n (key, id)
on conflict (guild_id, key) do update set character_id = excluded.character_id, part_of = null

-- name: put_parts
-- For the other characters of the account, but those that are covered already.
insert into guild_identity.account_objections (guild_id, key, character_id, part_of, objected_by)
select %(guild_id)s, n.key, n.id, n.part_of, %(actor)s
from unnest(%(keys)b::bytea[], %(ids)b::bigint[], %(parts)b::bytea[]) as n (key, id, part_of)
order by n.key
on conflict (guild_id, key) do nothing

-- name: withdraw
-- What the player of these characters said, and what follows from it.
delete from guild_identity.account_objections
where guild_id = %(guild_id)s and (character_id = any (%(ids)s) or key = any (%(keys)s))

-- name: said
-- The objections of these characters themselves.
select key from guild_identity.account_objections
where guild_id = %(guild_id)s and character_id = any (%(ids)s) and part_of is null

-- name: parts
select key, part_of, character_id is not null from guild_identity.account_objections
where guild_id = %(guild_id)s and part_of is not null

-- name: of_accounts
-- The other characters of the accounts of these, of any player, by what is known now.
select distinct c.id, c.realm_slug, c.blizzard_character_id
from guild_identity.account_evidence mine
join guild_identity.account_evidence e on e.guild_id = mine.guild_id and e.account = mine.account
join guild_identity.wow_characters c on c.guild_id = e.guild_id and c.id = e.character_id
where mine.guild_id = %(guild_id)s and mine.character_id = any (%(ids)s) and c.id <> all (%(ids)s)
order by c.id

-- name: erase
delete from guild_identity.account_evidence where guild_id = %(guild_id)s and character_id = any (%(ids)s)

-- name: of_person
-- The characters of the player of a character, or the character alone where it has none.
select c.id, c.realm_slug, c.blizzard_character_id, o.character_id is not null and o.part_of is null as is_objecting
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.player_characters mine on mine.guild_id = c.guild_id and mine.character_id = %(id)s
left join guild_identity.account_objections o on o.guild_id = c.guild_id and o.character_id = c.id
where c.guild_id = %(guild_id)s and (c.id = %(id)s or l.player_id = mine.player_id)
order by c.id

-- name: characters
select character_id from guild_identity.not_compared where guild_id = %(guild_id)s

-- name: nameless
-- Objections of characters that were erased with their person, and are a hash and nothing else.
select key from guild_identity.account_objections where guild_id = %(guild_id)s and character_id is null

-- name: read_nevertheless
-- Characters of which something is kept though nothing may be: they were linked to a player who objects since.
select character_id from guild_identity.account_evidence
where guild_id = %(guild_id)s
  and character_id in (select character_id from guild_identity.not_compared where guild_id = %(guild_id)s)

-- name: here
select id, realm_slug, blizzard_character_id
from guild_identity.wow_characters
where guild_id = %(guild_id)s and removed_at is null and blizzard_character_id is not null
order by id

-- name: attach
update guild_identity.account_objections o
set character_id = n.id
from unnest(%(keys)b::bytea[], %(ids)b::bigint[]) as n (key, id)
where o.guild_id = %(guild_id)s and o.key = n.key and o.character_id is null
