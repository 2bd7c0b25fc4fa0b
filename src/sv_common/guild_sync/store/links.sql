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
insert into guild_identity.player_characters
    (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by)
select character_id, player_id, %(guild_id)s, %(link_source)s, %(confidence)s, evidence, %(actor)s
from unnest(%(character_ids)b::bigint[], %(player_ids)b::bigint[], %(evidences)b::text[])
    as n (character_id, player_id, evidence)
returning character_id, to_jsonb(player_characters)
