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

-- name: link
-- Link characters, each under the note that it has now. Whoever decides by hand vouches for the link; else it rests on
-- what the plan says.
insert into guild_identity.player_characters
    (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by, basis, basis_note, vouched_by,
     vouched_at)
select n.character_id, n.player_id, %(guild_id)s, %(link_source)s, %(confidence)s, n.evidence, %(actor)s,
       case when %(vouches)s then 'officer' else n.basis end, c.guild_note,
       case when %(vouches)s then %(actor)s::text end, case when %(vouches)s then now() end
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(evidences)b::text[], %(bases)b::text[])
    as n (character_id, player_id, evidence, basis)
left join guild_identity.wow_characters c on c.id = n.character_id
returning character_id, to_jsonb(player_characters)

-- name: with_another_note
select l.character_id
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.id = l.character_id and c.removed_at is null
where l.guild_id = %(guild_id)s and c.guild_note is not null and c.guild_note is distinct from l.basis_note

-- name: follow_notes
update guild_identity.player_characters l
set basis_note = c.guild_note
from guild_identity.wow_characters c
where c.id = l.character_id and l.guild_id = %(guild_id)s and l.character_id = any (%(character_ids)s)
