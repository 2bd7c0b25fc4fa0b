-- name: current_rows
-- The rows of some links and players as they are now, with how much hangs on each player besides.
select 'link', l.character_id, to_jsonb(l), 0
from guild_identity.player_characters l
where l.character_id = any (%(character_ids)s)
union all
select 'player', p.id, to_jsonb(p),
       (select count(*) from guild_identity.player_characters l
        where l.player_id = p.id and not l.character_id = any (%(character_ids)s))
       + (select count(*) from guild_identity.player_note_aliases a
          where a.player_id = p.id and not a.id = any (%(alias_ids)s))
       + (select count(*) from guild_identity.link_rejections r
          where r.player_id = p.id and not r.id = any (%(rejection_ids)s))
from guild_identity.players p
where p.id = any (%(player_ids)s)
union all
select 'alias', a.id, to_jsonb(a), 0
from guild_identity.player_note_aliases a
where a.id = any (%(alias_ids)s)
union all
select 'rejection', r.id, to_jsonb(r), 0
from guild_identity.link_rejections r
where r.id = any (%(rejection_ids)s)

-- name: delete_rejections
delete from guild_identity.link_rejections where id = any (%(rejection_ids)s)

-- name: delete_aliases
delete from guild_identity.player_note_aliases where id = any (%(alias_ids)s)

-- name: delete_links
delete from guild_identity.player_characters where character_id = any (%(character_ids)s)

-- name: delete_players
delete from guild_identity.players where id = any (%(player_ids)s)

-- name: restore_links
-- Unless an officer has said since the links were taken away that a character is not that player's.
insert into guild_identity.player_characters
select l.*
from jsonb_populate_recordset(null::guild_identity.player_characters, %(rows)s) l
where not exists (select from guild_identity.link_rejections r
                  where r.character_id = l.character_id and r.player_id = l.player_id and r.created_at > %(written_at)s)

-- name: restore_aliases
insert into guild_identity.player_note_aliases
select * from jsonb_populate_recordset(null::guild_identity.player_note_aliases, %(rows)s)

-- name: restore_rejections
-- Unless a character is linked by now to the very player that it would be said not to belong to, or a player is by now
-- the very Discord member that it would be said not to be.
insert into guild_identity.link_rejections overriding system value
select r.*
from jsonb_populate_recordset(null::guild_identity.link_rejections, %(rows)s) r
where not exists (select from guild_identity.player_characters l
                  where l.character_id = r.character_id and l.player_id = r.player_id)
  and not exists (select from guild_identity.players p
                  where p.id = r.player_id and p.discord_user_id = r.discord_user_id)

-- name: restore_players
-- Players that were deleted, under the numbers that they had.
insert into guild_identity.players
select * from jsonb_populate_recordset(null::guild_identity.players, %(rows)s)

-- name: restore_columns
-- Put back single columns: those that a change names, and only those.
update guild_identity.players p
set main_character_id =
        case when r ? 'main_character_id' then (r ->> 'main_character_id')::bigint else p.main_character_id end,
    offspec_character_id =
        case when r ? 'offspec_character_id' then (r ->> 'offspec_character_id')::bigint else p.offspec_character_id end,
    discord_user_id =
        case when r ? 'discord_user_id' then (r ->> 'discord_user_id')::bigint else p.discord_user_id end,
    discord_basis = case when r ? 'discord_basis' then r ->> 'discord_basis' else p.discord_basis end,
    discord_vouched_by =
        case when r ? 'discord_vouched_by' then r ->> 'discord_vouched_by' else p.discord_vouched_by end,
    discord_vouched_at =
        case when r ? 'discord_vouched_at' then (r ->> 'discord_vouched_at')::timestamptz else p.discord_vouched_at end
from jsonb_array_elements(%(rows)s) as r
where p.id = (r ->> 'id')::bigint
