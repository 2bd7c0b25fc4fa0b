-- As little as the work can be: what the addon says is compared with the rows, what changed is written, and what was worked
-- out from a note is kept beside it. Its scan is that of plain.sql, with the mentions as they are stored.

-- name: make
-- Every key under which a stored note may mean somebody.
create table if not exists guild_identity.benchmark_mentions (
    guild_id integer not null references guild_identity.guilds on delete cascade,
    character_id bigint not null,
    key text not null,
    rank smallint not null,
    stands_alone boolean not null
);
create index if not exists benchmark_mentions_by_character
    on guild_identity.benchmark_mentions (guild_id, character_id)

-- name: notes
-- Write what the addon saw where it differs.
update guild_identity.wow_characters c
set guild_note = n.note, officer_note = n.officer_note, addon_last_sync = now()
from unnest(%(name_keys)b::text[], %(realm_keys)b::text[], %(notes)b::text[], %(officer_notes)b::text[])
    as n (name_key, realm_key, note, officer_note)
where c.guild_id = %(guild_id)s and c.name_key = n.name_key and c.realm_key = n.realm_key and c.removed_at is null
  and (c.guild_note is distinct from n.note or c.officer_note is distinct from n.officer_note)
returning c.id, c.guild_note

-- name: read_anew
-- Keep what the changed notes mean.
with gone as (
    delete from guild_identity.benchmark_mentions
    where guild_id = %(guild_id)s and character_id = any (%(ids)b)
), keyed as (
    update guild_identity.wow_characters c
    set note_key = n.note_key
    from unnest(%(ids)b::bigint[], %(note_keys)b::text[]) as n (id, note_key)
    where c.id = n.id and c.note_key is distinct from n.note_key
)
insert into guild_identity.benchmark_mentions (guild_id, character_id, key, rank, stands_alone)
select %(guild_id)s, m.character_id, m.key, m.rank, m.stands_alone
from unnest(%(mention_characters)b::bigint[], %(mention_keys)b::text[], %(mention_ranks)b::smallint[],
            %(mention_alone)b::boolean[])
    as m (character_id, key, rank, stands_alone)

-- name: every_note
select id, guild_note from guild_identity.wow_characters where guild_id = %(guild_id)s and removed_at is null

-- name: compare
-- Read the rows and say where they differ from what the addon saw, without writing anything.
select c.id
from unnest(%(name_keys)b::text[], %(realm_keys)b::text[], %(notes)b::text[], %(officer_notes)b::text[])
    as n (name_key, realm_key, note, officer_note)
left join guild_identity.wow_characters c
    on c.guild_id = %(guild_id)s and c.name_key = n.name_key and c.realm_key = n.realm_key and c.removed_at is null
where c.guild_note is distinct from n.note or c.officer_note is distinct from n.officer_note
