-- name: put
-- For every character of the player, or for the one that has none.
insert into guild_identity.account_objections (guild_id, key, character_id, objected_by)
select %(guild_id)s, n.key, n.id, %(actor)s from unnest(%(keys)b::bytea[], %(ids)b::bigint[]) as n (key, id)
on conflict (guild_id, key) do update set character_id = excluded.character_id

-- name: withdraw
delete from guild_identity.account_objections where guild_id = %(guild_id)s and character_id = any (%(ids)s)

-- name: erase
delete from guild_identity.account_evidence where guild_id = %(guild_id)s and character_id = any (%(ids)s)

-- name: of_person
-- The characters of the player of a character, or the character alone where it has none.
select c.id, c.realm_slug, c.blizzard_character_id, o.character_id is not null as is_objecting
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.player_characters mine on mine.guild_id = c.guild_id and mine.character_id = %(id)s
left join guild_identity.account_objections o on o.guild_id = c.guild_id and o.character_id = c.id
where c.guild_id = %(guild_id)s and (c.id = %(id)s or l.player_id = mine.player_id)
order by c.id

-- name: characters
-- All characters of players who object, whichever of them was named.
with objecting as (
    select o.character_id, l.player_id
    from guild_identity.account_objections o
    left join guild_identity.player_characters l on l.guild_id = o.guild_id and l.character_id = o.character_id
    where o.guild_id = %(guild_id)s and o.character_id is not null
)
select character_id from objecting
union
select l.character_id
from guild_identity.player_characters l
join objecting o on o.player_id = l.player_id
where l.guild_id = %(guild_id)s

-- name: nameless
-- Objections of characters that were erased with their person, and are a hash and nothing else.
select key from guild_identity.account_objections where guild_id = %(guild_id)s and character_id is null

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
