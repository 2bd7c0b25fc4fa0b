-- name: player
select display_name from guild_identity.players where guild_id = %(guild_id)s and id = %(player_id)s

-- name: character
select character_name || '-' || coalesce(realm_name, realm_slug)
from guild_identity.wow_characters
where guild_id = %(guild_id)s and id = %(character_id)s

-- name: entries
-- What happened to a player with all that is theirs, or to one character, newest first; with each line, how many there are.
with own as (
    select l.character_id from guild_identity.player_characters l
    where l.guild_id = %(guild_id)s and l.player_id = %(player_id)s::bigint
    union
    select %(character_id)s::bigint where %(character_id)s::bigint is not null
), member as (
    select p.discord_user_id as id from guild_identity.players p
    where p.guild_id = %(guild_id)s and p.id = %(player_id)s::bigint and p.discord_user_id is not null
), attempts as (
    select a.* from guild_identity.fix_attempts a
    where a.guild_id = %(guild_id)s and (a.outcome in ('fixed', 'running', 'unverified') or a.changes <> '[]')
      and (a.plan @> any (%(in_plan)s) or a.changes @> any (%(in_changes)s)
           or a.plan @> (select jsonb_build_array(jsonb_build_object('table', 'role', 'id', id)) from member))
), issues as (
    select i.id, i.summary from guild_identity.audit_issues i
    where i.guild_id = %(guild_id)s
      and (i.player_id = %(player_id)s::bigint or i.wow_character_id in (select character_id from own)
           or i.discord_member_id in (select id from member))
), entries as (
    select started_at as at, 1 as place,
           case issue_type when 'manual' then 'decision' when 'full_match' then 'full_match' else 'fix' end as what,
           actor, reason as sentence, null::text as detail, issue_id, id as attempt_id,
           changes <> '[]' and undone_at is null
             and started_at >= (select guild_identity.undoable_since(%(guild_id)s)) as is_undoable
    from attempts
    union all
    select undone_at, 2, 'undone', undone_by, reason, undone_reason, issue_id, id, false
    from attempts where undone_at is not null
    union all
    select e.at, 0, e.event, e.actor, i.summary, e.reason, i.id, null, false
    from guild_identity.issue_events e
    join issues i on i.id = e.issue_id
    where e.guild_id = %(guild_id)s and e.event <> 'refreshed'
    union all
    select c.first_seen, 0, 'joined', null, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), null, null, null, false
    from guild_identity.wow_characters c
    where c.guild_id = %(guild_id)s and c.id in (select character_id from own)
    union all
    select c.removed_at, 0, 'left', null, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug), null, null, null, false
    from guild_identity.wow_characters c
    where c.guild_id = %(guild_id)s and c.id in (select character_id from own) and c.removed_at is not null
    union all
    select f.until, 0, case when d.id is null then 'renamed' else 'renamed_on_discord' end, null,
           coalesce(c.character_name, d.display_name), f.name, null, null, false
    from guild_identity.former_names f
    left join guild_identity.wow_characters c on c.guild_id = f.guild_id and c.id = f.character_id
    left join guild_identity.discord_users d on d.guild_id = f.guild_id and d.id = f.discord_user_id
    where f.guild_id = %(guild_id)s
      and (f.character_id in (select character_id from own) or f.discord_user_id in (select id from member))
)
select at, what, actor, sentence, detail, issue_id, attempt_id, is_undoable, count(*) over () as total
from entries
order by at desc, place desc, attempt_id desc nulls last, issue_id desc nulls last, sentence, detail
limit %(limit)s offset %(offset)s
