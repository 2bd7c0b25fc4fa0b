-- name: all
select word, category, updated_by, updated_at
from guild_identity.guild_words
where guild_id = %(guild_id)s
order by word

-- name: say
insert into guild_identity.guild_words (guild_id, word, category, updated_by)
values (%(guild_id)s, %(word)s, %(category)s, %(actor)s)
on conflict (guild_id, word) do update
set category = excluded.category, updated_by = excluded.updated_by, updated_at = now()

-- name: forget
delete from guild_identity.guild_words where guild_id = %(guild_id)s and word = %(word)s
