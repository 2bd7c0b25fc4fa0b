-- name: player
select p.id, p.guild_id, p.display_name, p.main_character_id, p.offspec_character_id, p.created_by, p.created_at
from guild_identity.players p
where p.guild_id = %(guild_id)s and p.id = %(player_id)s

-- name: characters
-- Characters with all that is known of them: those of one player, or a single one.
select c.id, c.guild_id, c.character_name as name, c.realm_slug, c.realm_name, c.character_class, c.level, c.item_level,
       r.name as rank, c.rank_index, c.last_login_timestamp, c.guild_note as note, c.removed_at,
       l.player_id, l.link_source, l.evidence, l.linked_by, l.created_at as linked_at,
       l.basis, l.basis_note, l.confirmed_by, l.confirmed_at,
       s.reason as shared_reason, s.marked_by as shared_by, s.created_at as shared_at, g.region,
       exists (select from guild_identity.account_objections o
               where o.guild_id = c.guild_id and o.character_id = c.id and o.part_of is null) as objects
from guild_identity.wow_characters c
join guild_identity.guilds g on g.id = c.guild_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
where c.guild_id = %(guild_id)s
  and (l.player_id = %(player_id)s::bigint or c.id = %(character_id)s::bigint)
order by c.removed_at is not null, r.level desc nulls last, c.name_key, c.id

-- name: member
-- The Discord member that a player is, with the names of the roles they hold.
select d.id, d.discord_id, d.display_name, d.global_name, d.username, d.is_present,
       array(select r.name from guild_identity.discord_roles r
             where r.guild_id = d.guild_id and r.role_id = any (d.all_guild_roles)
             order by r.position desc, r.name) as roles,
       p.discord_basis as basis, p.discord_confirmed_by as confirmed_by, p.discord_confirmed_at as confirmed_at,
       highest.right_role,
       (select max(m.claimed_at) from guild_identity.claims m
        where m.guild_id = d.guild_id and m.discord_user_id = d.id) as signed_in_at
from guild_identity.players p
join guild_identity.discord_users d on d.guild_id = p.guild_id and d.id = p.discord_user_id
left join lateral (
    -- As the rule about roles says: a role that is managed and can be given, while the rank table is not in doubt.
    select case when r.is_role_managed and r.discord_role_id is distinct from g.discord_guild_id
                     and not coalesce(o.is_integration, false)
                     and (o.role_id is not null or not exists (
                            select from guild_identity.discord_roles known where known.guild_id = r.guild_id))
                     and not exists (select from common.guild_ranks doubtful
                                     where doubtful.guild_id = r.guild_id and doubtful.name_in_game <> doubtful.name)
                     and not exists (select from guild_identity.moved_ranks m where m.guild_id = r.guild_id)
                then coalesce(o.name, r.discord_role_name, r.name) end as right_role
    from guild_identity.player_characters l
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id and c.removed_at is null
    join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
    join guild_identity.guilds g on g.id = r.guild_id
    left join guild_identity.discord_roles o on o.guild_id = r.guild_id and o.role_id = r.discord_role_id
    where l.guild_id = p.guild_id and l.player_id = p.id
    order by r.level desc, r.wow_rank_index
    limit 1
) highest on true
where p.guild_id = %(guild_id)s and p.id = %(player_id)s

-- name: aliases
select id, alias, created_by, created_at
from guild_identity.aliases_in_use
where guild_id = %(guild_id)s and player_id = %(player_id)s
order by alias_key

-- name: hiatus
-- Whether a player is away, or the player of a character.
select h.until::text, h.reason, h.set_by, h.created_at,
       coalesce(h.until <= (now() at time zone 'UTC')::date, false) as is_over
from guild_identity.hiatuses h
where h.guild_id = %(guild_id)s
  and (h.player_id = %(player_id)s::bigint
       or h.player_id = (select l.player_id from guild_identity.player_characters l
                         where l.guild_id = %(guild_id)s and l.character_id = %(character_id)s::bigint))

-- name: rejections
-- Whose characters are not whose: of one player, or of one character.
select r.id, r.character_id, c.character_name as character, coalesce(c.realm_name, c.realm_slug) as realm,
       c.character_class, r.player_id, p.display_name as player, r.is_unlinking, r.reason, r.rejected_by, r.created_at
from guild_identity.link_rejections r
join guild_identity.wow_characters c on c.guild_id = r.guild_id and c.id = r.character_id
join guild_identity.players p on p.guild_id = r.guild_id and p.id = r.player_id
where r.guild_id = %(guild_id)s and (r.player_id = %(player_id)s::bigint or r.character_id = %(character_id)s::bigint)
order by r.created_at desc, r.id desc

-- name: member_rejections
-- Which Discord members a player is not.
select r.id, d.id as member_id, d.display_name as member, d.username, r.reason, r.rejected_by, r.created_at
from guild_identity.link_rejections r
join guild_identity.discord_users d on d.guild_id = r.guild_id and d.id = r.discord_user_id
where r.guild_id = %(guild_id)s and r.player_id = %(player_id)s
order by r.created_at desc, r.id desc

-- name: issues
-- What is open about a player, any of its characters or its Discord member; or about one character.
select i.id, i.issue_type, i.severity, i.summary, i.opened_at
from guild_identity.audit_issues i
where i.guild_id = %(guild_id)s and i.resolved_at is null and i.dismissed_at is null
  and (i.player_id = %(player_id)s::bigint
       or i.wow_character_id = %(character_id)s::bigint
       or i.wow_character_id in (select character_id from guild_identity.player_characters
                                 where guild_id = %(guild_id)s and player_id = %(player_id)s::bigint)
       or i.discord_member_id = (select discord_user_id from guild_identity.players
                                where guild_id = %(guild_id)s and id = %(player_id)s::bigint))
order by i.opened_at desc, i.id desc

-- name: attempts
-- What was done to a player or a character, newest first: whatever changed a row that names one of them.
select id, actor, is_automatic, outcome, reason, plan, started_at, duration_ms, undone_at, undone_by, undone_reason,
       changes <> '[]' and undone_at is null
             and started_at >= (select guild_identity.undoable_since(%(guild_id)s)) as is_undoable
from guild_identity.fix_attempts
where guild_id = %(guild_id)s and (outcome in ('fixed', 'running') or changes <> '[]')
  and (plan @> any (%(in_plan)s) or changes @> any (%(in_changes)s))
order by id desc
limit %(limit)s

-- name: guild_of_player
select guild_id from guild_identity.players where id = %(id)s

-- name: guild_of_character
select guild_id from guild_identity.wow_characters where id = %(id)s
