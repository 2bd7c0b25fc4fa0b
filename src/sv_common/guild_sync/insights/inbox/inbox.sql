-- name: open
-- Open and not dismissed, oldest first.
select id, guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, discord_member_id, player_id,
       review_reason, created_at, opened_at, resolved_at, resolved_by,
       dismissed_at, dismissed_by, dismissed_reason, dismissed_until
from guild_identity.audit_issues
where guild_id = %(guild_id)s and state = 'open'
order by id

-- name: subjects
-- Of each open issue its newest event, and who it is about: a character, a Discord member, or a player with its member.
select i.id, (select max(e.id) from guild_identity.issue_events e where e.guild_id = i.guild_id and e.issue_id = i.id),
       c.character_name, coalesce(c.realm_name, c.realm_slug), c.character_class, c.level, c.guild_note, c.last_login_timestamp,
       p.display_name, d.display_name, d.username, d.highest_guild_role
from guild_identity.audit_issues i
left join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
left join guild_identity.players p on p.guild_id = i.guild_id and p.id = i.player_id
left join guild_identity.discord_users d on d.id = coalesce(i.discord_member_id, p.discord_user_id)
where i.guild_id = %(guild_id)s and i.state = 'open'

-- name: last_upload
-- Whose export was the last one that changed something.
select k.uploader, u.as_of
from guild_identity.addon_uploads u
join common.upload_keys k on k.guild_id = u.guild_id and k.id = u.upload_key_id
where u.guild_id = %(guild_id)s and u.state = 'done'
order by u.as_of desc, u.id desc
limit 1

-- name: still_open
-- Which of some issues are open.
select id from guild_identity.audit_issues
where guild_id = %(guild_id)s and id = any (%(issue_ids)s) and state = 'open'
order by id

-- name: characters
-- What the sources say of some characters, and of all that belong to some players.
select c.id, c.character_name as name, coalesce(c.realm_name, c.realm_slug) as realm, c.realm_slug, g.region, c.character_class,
       c.level, c.item_level, r.name as rank, c.last_login_timestamp, c.guild_note as note, f.guild_note_as_of as note_seen_at,
       l.player_id, p.display_name as player, c.rank_index, c.removed_at is null as is_present
from guild_identity.wow_characters c
join guild_identity.guilds g on g.id = c.guild_id
join guild_identity.addon_facts f on f.guild_id = c.guild_id and f.character_id = c.id
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where c.guild_id = %(guild_id)s and (c.id = any (%(characters)s) or l.player_id = any (%(players)s))

-- name: members
-- What Discord says of some members.
select d.id, d.display_name, d.username, p.id as player_id, p.display_name as player,
       array(select r.name from guild_identity.discord_roles r
             where r.guild_id = d.guild_id and r.role_id = any (d.all_guild_roles)
             order by r.position desc, r.name) as roles,
       d.highest_guild_role as role, d.first_seen as joined_at
from guild_identity.discord_users d
left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
where d.guild_id = %(guild_id)s and d.id = any (%(members)s)

-- name: ranks
-- The rank table: of each rank its name, and the Discord role that it maps to.
select wow_rank_index, name, level, coalesce(discord_role_name, discord_role_id)
from common.guild_ranks
where guild_id = %(guild_id)s

-- name: guild
select name from guild_identity.guilds where id = %(guild_id)s

-- name: links
-- Who linked some characters to their players, how, when and why.
select character_id, player_id, link_source, linked_by, created_at as at, evidence, basis, basis_note, confirmed_by, confirmed_at
from guild_identity.player_characters
where guild_id = %(guild_id)s and character_id = any (%(characters)s)
