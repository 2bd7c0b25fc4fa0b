-- name: all
select source, subject_ids, known, refused_at, released_at, released_by
from guild_identity.held_losses
where guild_id = %(guild_id)s
order by source

-- name: hold
-- The newest refused list counts; where it lacks the same as the one before, an officer's word about them stays.
insert into guild_identity.held_losses as h (guild_id, source, subject_ids, known)
values (%(guild_id)s, %(source)s, %(ids)s::bigint[], %(known)s)
on conflict (guild_id, source) do update
set subject_ids = excluded.subject_ids, known = excluded.known, refused_at = now(),
    released_at = case when h.subject_ids = excluded.subject_ids then h.released_at end,
    released_by = case when h.subject_ids = excluded.subject_ids then h.released_by end

-- name: release
-- Only for those that were seen: another list may have been refused in between.
update guild_identity.held_losses
set released_at = now(), released_by = %(actor)s
where guild_id = %(guild_id)s and source = %(source)s and subject_ids = %(ids)s::bigint[]
returning source, subject_ids, known, refused_at, released_at, released_by

-- name: forget
delete from guild_identity.held_losses where guild_id = %(guild_id)s and source = %(source)s

-- name: lost_characters
select c.id, c.character_name, r.name, p.id, p.display_name
from guild_identity.wow_characters c
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where c.guild_id = %(guild_id)s and c.id = any (%(ids)s::bigint[])
order by c.rank_index, c.name_key, c.id

-- name: lost_members
select d.id, d.display_name, d.highest_guild_role, p.id, p.display_name
from guild_identity.discord_users d
left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
where d.guild_id = %(guild_id)s and d.id = any (%(ids)s::bigint[])
order by d.highest_guild_role nulls last, guild_identity.search_key(d.display_name) collate "C", d.id
