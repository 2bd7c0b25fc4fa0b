-- name: notes
-- The notes of the characters in the guild, as pages show them; officers' notes are on no page.
select c.id, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), c.guild_note
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.removed_at is null and c.guild_note <> ''

-- name: issues
-- What is open or dismissed, and the issue of a number in any state, newest first, with the names of whom each is about.
with meant as (
    select * from guild_identity.audit_issues where guild_id = %(guild_id)s and resolved_at is null
    union all
    select * from guild_identity.audit_issues where guild_id = %(guild_id)s and id = %(number)s and resolved_at is not null
)
select i.id, i.issue_type, i.state, i.summary,
       array_remove(array[p.display_name, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug),
                          d.display_name, d.username], null)
from meant i
left join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.discord_users d on d.guild_id = i.guild_id and d.id = i.discord_member_id
left join guild_identity.players of_member on of_member.guild_id = i.guild_id and of_member.discord_user_id = d.id
left join guild_identity.players p on p.id = coalesce(i.player_id, l.player_id, of_member.id)
order by i.opened_at desc, i.id desc

-- name: described
-- What is said of some players, characters and Discord members beside their names.
select 'player' as kind, p.id, p.display_name as name, null as class_name, null::integer as level, null as rank, true as is_here,
       m.character_name || '-' || coalesce(m.realm_name, m.realm_slug) as main,
       (select count(*) from guild_identity.player_characters l
        join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id
        where l.guild_id = p.guild_id and l.player_id = p.id and c.removed_at is null) as characters,
       p.id as player_id, p.display_name as player
from guild_identity.players p
left join guild_identity.wow_characters m on m.guild_id = p.guild_id and m.id = p.main_character_id
where p.guild_id = %(guild_id)s and p.id = any (%(player_ids)s)
union all
select 'character', c.id, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), c.character_class, c.level,
       r.name, c.removed_at is null, null, 0, p.id, p.display_name
from guild_identity.wow_characters c
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
union all
select 'member', d.id, d.display_name, null, null, null, d.is_present, null, 0, p.id, p.display_name
from guild_identity.discord_users d
left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
where d.guild_id = %(guild_id)s and d.id = any (%(member_ids)s)
