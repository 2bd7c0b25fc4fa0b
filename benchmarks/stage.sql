-- What happens between the measurements: none of it is timed.

-- name: forget_roster
delete from guild_identity.wow_characters where guild_id = %(guild_id)s

-- name: forget_members
delete from guild_identity.discord_users where guild_id = %(guild_id)s

-- name: forget_notes
update guild_identity.wow_characters
set guild_note = null, officer_note = null, note_key = null, addon_last_sync = null
where guild_id = %(guild_id)s

-- name: forget_issues
delete from guild_identity.audit_issues where guild_id = %(guild_id)s

-- name: write_characters
-- Every row is written again as it is, as a sync of the roster does.
update guild_identity.wow_characters set level = level where guild_id = %(guild_id)s

-- name: map_ranks
update common.guild_ranks r
set name = n.name, name_in_game = n.name, discord_role_id = n.role_id, discord_role_name = n.name,
    is_role_managed = n.role_id is not null
from unnest(%(indexes)b::smallint[], %(names)b::text[], %(role_ids)b::text[]) as n (i, name, role_id)
where r.guild_id = %(guild_id)s and r.wow_rank_index = n.i

-- name: link_people
-- Make players of people, by the name of their main, and link their characters as an earlier full match would have.
with wanted as (
    select m.person, m.is_main, c.id as character_id, c.character_name, d.id as member_id, d.display_name
    from unnest(%(people)b::integer[], %(realm_slugs)b::text[], %(names)b::text[], %(discord_ids)b::text[],
                %(mains)b::boolean[]) as m (person, realm_slug, name, discord_id, is_main)
    join guild_identity.wow_characters c
        on c.guild_id = %(guild_id)s and c.realm_slug = m.realm_slug and c.character_name = m.name
    left join guild_identity.discord_users d on d.guild_id = %(guild_id)s and d.discord_id = m.discord_id
), numbered as (
    select person, nextval(pg_get_serial_sequence('guild_identity.players', 'id')) as player_id
    from wanted where is_main
), made as (
    insert into guild_identity.players (id, guild_id, display_name, discord_user_id, main_character_id, created_by)
    select n.player_id, %(guild_id)s, w.character_name, w.member_id, w.character_id, 'officer'
    from wanted w
    join numbered n using (person)
    where w.is_main
    returning id
)
insert into guild_identity.player_characters
    (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by, basis, basis_note)
select w.character_id, n.player_id, %(guild_id)s, 'full_match', 'exact', 'the note', 'officer', 'note', ''
from wanted w
join numbered n using (person)
join made on made.id = n.player_id

-- name: character_numbers
select realm_key, character_name, id from guild_identity.wow_characters where guild_id = %(guild_id)s

-- name: characters
-- Everything that the work should have made the same in both guilds.
select 'character', c.realm_slug, c.character_name, c.level::text, r.name, c.guild_note, c.officer_note, c.note_key,
       p.display_name, l.link_source
from guild_identity.wow_characters c
left join common.guild_ranks r on r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.character_id = c.id
left join guild_identity.players p on p.id = l.player_id
where c.guild_id = %(guild_id)s and c.removed_at is null

-- name: members_now
select 'member', discord_id, username, display_name, highest_guild_role, all_guild_roles::text
from guild_identity.discord_users
where guild_id = %(guild_id)s and is_present

-- name: issues_now
select 'issue', i.issue_type, i.severity, c.character_name, d.discord_id, p.display_name, i.resolved_at is null, i.resolved_by
from guild_identity.audit_issues i
left join guild_identity.wow_characters c on c.id = i.wow_character_id
left join guild_identity.discord_users d on d.id = i.discord_member_id
left join guild_identity.players p on p.id = i.player_id
where i.guild_id = %(guild_id)s

-- name: moves_now
select 'event', i.issue_type, e.event, count(*)
from guild_identity.issue_events e
join guild_identity.audit_issues i on i.id = e.issue_id
where e.guild_id = %(guild_id)s
group by i.issue_type, e.event

-- name: attempts_now
select 'attempt', issue_type, outcome, count(*)
from guild_identity.fix_attempts
where guild_id = %(guild_id)s
group by issue_type, outcome
