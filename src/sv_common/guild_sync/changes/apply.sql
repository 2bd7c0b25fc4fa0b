-- name: current
-- Rows as they are now, held to the end of the transaction, by their numbers or by what people know them by; with all that
-- hangs on the players that are to be deleted, with the players of characters, and with the notes under which characters would
-- be linked. A player whose own row stays is not held: a preview that looks at it keeps nobody from deciding about it.
select 'link' as kind, to_jsonb(l) as row
from (select * from guild_identity.player_characters
      where guild_id = %(guild_id)s and (character_id = any (%(characters)s) or player_id = any (%(doomed)s))
      order by character_id for update) l
union all
select 'player', to_jsonb(p)
from (select * from guild_identity.players
      where guild_id = %(guild_id)s and id = any (%(players)s)
      order by id for update) p
union all
select 'player', to_jsonb(p)
from guild_identity.players p
where p.guild_id = %(guild_id)s and not p.id = any (%(players)s)
  and (p.id = any (%(owners)s) or p.main_character_id = any (%(characters)s)
       or p.offspec_character_id = any (%(characters)s))
union all
select 'alias', to_jsonb(a) || jsonb_build_object('is_in_use', exists (
           select from guild_identity.aliases_in_use u where u.guild_id = a.guild_id and u.id = a.id))
from (select * from guild_identity.player_note_aliases
      where guild_id = %(guild_id)s
        and (id = any (%(aliases)s) or alias_key = any (%(words)s) or player_id = any (%(doomed)s))
      order by id for update) a
union all
select 'rejection', to_jsonb(r)
from (select * from guild_identity.link_rejections
      where guild_id = %(guild_id)s
        and (id = any (%(rejections)s) or player_id = any (%(doomed)s)
             or (character_id, player_id) in (select * from unnest(%(rejected_characters)s::bigint[], %(their_players)s::bigint[]))
             or (discord_user_id, player_id) in (select * from unnest(%(rejected_members)s::bigint[], %(their_players)s::bigint[])))
      order by id for update) r
union all
select 'confirmation', to_jsonb(v)
from (select * from common.confirmed_links
      where guild_id = %(guild_id)s and (character_id = any (%(confirmed)s) or player_id = any (%(doomed)s))
      order by character_id, player_id, discord_user_id for update) v
union all
select 'shared', to_jsonb(s)
from (select * from guild_identity.shared_characters
      where guild_id = %(guild_id)s and character_id = any (%(characters)s)
      order by character_id for update) s
union all
select 'account', to_jsonb(f)
from (select * from guild_identity.shared_accounts
      where guild_id = %(guild_id)s and character_id = any (%(characters)s)
      order by character_id for update) f
union all
select 'hiatus', to_jsonb(h)
from (select * from guild_identity.hiatuses
      where guild_id = %(guild_id)s
        and (id = any (%(hiatuses)s) or player_id = any (%(away)s) or player_id = any (%(doomed)s))
      order by id for update) h
union all
select 'issue', jsonb_build_object('id', i.id, 'player_id', i.player_id)
from guild_identity.audit_issues i
where i.guild_id = %(guild_id)s and i.player_id = any (%(doomed)s)
union all
select 'note', jsonb_build_object('id', c.id, 'note', c.guild_note, 'name', c.character_name)
from guild_identity.wow_characters c
where c.id = any (%(characters)s)
union all
select 'now', jsonb_build_object('id', 0, 'now', now())

-- name: numbers
-- Numbers for rows that are about to be made, so that others can refer to them.
select 'player', nextval(pg_get_serial_sequence('guild_identity.players', 'id')) from generate_series(1, %(player)s)
union all
select 'alias', nextval(pg_get_serial_sequence('guild_identity.player_note_aliases', 'id'))
from generate_series(1, %(alias)s)
union all
select 'rejection', nextval(pg_get_serial_sequence('guild_identity.link_rejections', 'id'))
from generate_series(1, %(rejection)s)
union all
select 'hiatus', nextval(pg_get_serial_sequence('guild_identity.hiatuses', 'id'))
from generate_series(1, %(hiatus)s)

-- name: contradictions
-- Links that would be there again and of which an officer has said since that they are wrong, and the other way round.
select 'link'
from unnest(%(link_characters)s::bigint[], %(link_players)s::bigint[]) as n (character_id, player_id)
join guild_identity.link_rejections r using (character_id, player_id)
where r.guild_id = %(guild_id)s and r.created_at > %(written_at)s
union all
select 'rejection'
from unnest(%(rejected_characters)s::bigint[], %(rejected_players)s::bigint[]) as n (character_id, player_id)
join guild_identity.player_characters l using (character_id, player_id)
where l.guild_id = %(guild_id)s and l.created_at > %(written_at)s
union all
select 'member'
from unnest(%(member_players)s::bigint[], %(members)s::bigint[]) as n (player_id, discord_user_id)
join guild_identity.link_rejections r using (player_id, discord_user_id)
where r.guild_id = %(guild_id)s and r.created_at > %(written_at)s
union all
select 'member rejection'
from unnest(%(rejected_players)s::bigint[], %(rejected_members)s::bigint[]) as n (player_id, discord_user_id)
join guild_identity.players p on p.guild_id = %(guild_id)s and p.id = n.player_id and p.discord_user_id = n.discord_user_id
where not p.id = any (%(member_players)s::bigint[])
