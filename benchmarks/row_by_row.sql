-- name: character
select c.id, c.character_name, c.last_login_timestamp, l.player_id, p.display_name, c.guild_note
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.character_id = c.id
left join guild_identity.players p on p.id = l.player_id
where c.guild_id = %(guild_id)s and c.name_key = %(name_key)s and c.realm_key = %(realm_key)s and c.removed_at is null

-- name: write_note
update guild_identity.wow_characters
set guild_note = %(note)s, officer_note = %(officer_note)s, note_key = %(note_key)s, addon_last_sync = now()
where id = %(character_id)s

-- name: players_called
select distinct p.id, p.display_name
from guild_identity.players p
left join guild_identity.discord_users d on d.id = p.discord_user_id
where p.guild_id = %(guild_id)s and (
    lower(p.display_name) = any (%(keys)s)
    or p.id in (select l.player_id from guild_identity.wow_characters c
                join guild_identity.player_characters l on l.character_id = c.id
                where c.guild_id = %(guild_id)s and c.name_key = any (%(keys)s))
    or lower(d.display_name) = any (%(keys)s) or lower(d.username) = any (%(keys)s))

-- name: issues_of_character
select id, issue_type from guild_identity.audit_issues
where guild_id = %(guild_id)s and wow_character_id = %(character_id)s and resolved_at is null

-- name: open_issue
insert into guild_identity.audit_issues as i (guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id)
values (%(guild_id)s, %(issue_type)s, %(severity)s, %(summary)s, %(details)s, %(issue_hash)s, %(character_id)s)
on conflict (guild_id, issue_hash) do update
set summary = excluded.summary, details = excluded.details, opened_at = now(), resolved_at = null, resolved_by = null
returning id

-- name: resolve_issue
update guild_identity.audit_issues set resolved_at = now(), resolved_by = %(by)s where id = %(issue_id)s

-- name: event
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor)
values (%(guild_id)s, %(issue_id)s, %(issue_type)s, %(event)s, %(change)s, %(by)s)

-- name: members
select id, all_guild_roles from guild_identity.discord_users
where guild_id = %(guild_id)s and is_present and not is_bot

-- name: player_of_member
select id from guild_identity.players where guild_id = %(guild_id)s and discord_user_id = %(member_id)s

-- name: right_role
select r.discord_role_id
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.id = l.character_id and c.removed_at is null
join common.guild_ranks r on r.id = c.guild_rank_id
where l.player_id = %(player_id)s and l.guild_id = %(guild_id)s
order by r.level desc, c.id
limit 1

-- name: wrong_links
select i.id, i.wow_character_id, (i.details ->> 'new_player_id')::bigint, l.player_id
from guild_identity.audit_issues i
join guild_identity.player_characters l on l.character_id = i.wow_character_id
where i.guild_id = %(guild_id)s and i.issue_type = 'note_mismatch' and i.resolved_at is null
  and i.details ->> 'new_player_id' is not null

-- name: unlink
delete from guild_identity.player_characters where character_id = %(character_id)s and guild_id = %(guild_id)s

-- name: link
insert into guild_identity.player_characters
    (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by, basis)
values (%(character_id)s, %(player_id)s, %(guild_id)s, 'auto_fix', 'exact', 'The note.', 'automation', 'note')

-- name: attempt
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, changes, duration_ms)
values (%(guild_id)s, %(issue_id)s, 'note_mismatch', 'automation', true, 'fixed', 'The note.', '[]', %(changes)s, 0)
