-- name: open_issues
select id from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
order by id

-- name: dismissed_issues
select id from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is not null
order by id

-- name: undoable_attempts
-- What was changed in the last days and not taken back.
select id from guild_identity.fix_attempts
where guild_id = %(guild_id)s and changes <> '[]' and undone_at is null and started_at > now() - interval '3 days'
order by id

-- name: characters_and_players
-- Every pair, as an officer names them.
select c.character_name || '-' || c.realm_slug, p.id::text
from guild_identity.wow_characters c
join guild_identity.players p on p.guild_id = c.guild_id
where c.guild_id = %(guild_id)s and c.removed_at is null
order by c.id, p.id

-- name: ways_to_confirm
-- Linked characters with their player and who that is on Discord, where no person stands for all of it; by their numbers.
select '#' || l.character_id, '#' || p.id, '#' || m.id
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.id = l.character_id and c.removed_at is null
join guild_identity.players p on p.id = l.player_id
left join guild_identity.discord_users m on m.id = p.discord_user_id and m.is_present
where l.guild_id = %(guild_id)s and (l.confirmed_by is null or p.discord_confirmed_by is null)
order by l.character_id

-- name: doubtful_ranks
select id from common.guild_ranks where guild_id = %(guild_id)s and name_in_game <> name

-- name: refused_losses
-- Pipelines whose last three runs all ended because more people were missing than a source may lose at once.
select pipeline
from (
    select pipeline, error, row_number() over (partition by pipeline order by started_at desc, id desc) as place
    from guild_identity.sync_log
    where guild_id = %(guild_id)s and pipeline in ('battlenet_sync', 'discord_sync')
      and started_at > now() - interval '2 days'
) recent
where place <= 3
group by pipeline
having count(*) = 3 and bool_and(error ~ 'More than 30 %% at once')
order by pipeline
