-- name: names
-- Every name by which somebody of a guild can be looked for, with whose it is: players by their own name, their characters,
-- their Discord member and their aliases; characters in the guild without a player; bank and shared characters, also those
-- that left; people on Discord who are no player.
select 'player', p.id, 'player', p.id, p.display_name
from guild_identity.players p
where p.guild_id = %(guild_id)s
union all
select case when s.character_id is not null then 'shared' when l.player_id is null then 'character' else 'player' end,
       coalesce(l.player_id, c.id), 'character', c.id,
       c.character_name || '-' || coalesce(c.realm_name, c.realm_slug)
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.character_id = c.id
left join guild_identity.shared_characters s on s.character_id = c.id
where c.guild_id = %(guild_id)s and (c.removed_at is null or l.player_id is not null or s.character_id is not null)
union all
select case when p.id is null then 'member' else 'player' end, coalesce(p.id, d.id), n.source, d.id, n.name
from guild_identity.discord_users d
left join guild_identity.players p on p.discord_user_id = d.id
cross join lateral (values (d.display_name, 'display'), (d.global_name, 'global'), (d.username, 'user')) n (name, source)
where d.guild_id = %(guild_id)s and not d.is_bot and n.name is not null and (d.is_present or p.id is not null)
union all
select 'player', a.player_id, 'alias', a.player_id, a.alias
from guild_identity.aliases_in_use a
where a.guild_id = %(guild_id)s

-- name: summaries
-- What a list says of some players, of some characters without a player, and of some Discord members without one.
with subject as (
    select 'player' as kind, p.id, p.display_name as name, p.main_character_id as character_id, p.discord_user_id as member_id
    from guild_identity.players p
    where p.guild_id = %(guild_id)s and p.id = any (%(player_ids)s)
    union all
    select 'character', c.id, c.character_name, c.id, null
    from guild_identity.wow_characters c
    where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
    union all
    select 'member', d.id, d.display_name, null, d.id
    from guild_identity.discord_users d
    where d.guild_id = %(guild_id)s and d.id = any (%(member_ids)s)
), played as (
    select s.kind, s.id, c.id as character_id, c.removed_at is null as is_present, c.last_login_timestamp, r.name as rank, r.level
    from (
        select s.kind, s.id, l.character_id
        from subject s
        join guild_identity.player_characters l on l.player_id = s.id
        where s.kind = 'player'
        union all
        select s.kind, s.id, s.id
        from subject s
        where s.kind = 'character'
    ) s
    join guild_identity.wow_characters c on c.id = s.character_id
    left join common.guild_ranks r on r.id = c.guild_rank_id
), counted as (
    select kind, id, count(*) filter (where is_present) as characters,
           max(last_login_timestamp) as last_login_timestamp,
           (array_agg(rank order by level desc) filter (where is_present and rank is not null))[1] as rank
    from played
    group by kind, id
), troubled as (
    select about.kind, about.id, count(distinct i.id) as open_issues
    from (
        select kind, id, character_id, null::bigint as member_id, null::bigint as player_id from played
        union all
        select kind, id, null, member_id, case when kind = 'player' then id end from subject
    ) about
    join guild_identity.audit_issues i
        on i.wow_character_id = about.character_id or i.discord_member_id = about.member_id or i.player_id = about.player_id
    where i.guild_id = %(guild_id)s and i.resolved_at is null and i.dismissed_at is null
    group by about.kind, about.id
)
select s.kind, s.id, s.name, c.character_name as main_name, coalesce(c.realm_name, c.realm_slug) as main_realm,
       c.character_class as main_class, coalesce(n.characters, 0) as characters, n.rank, n.last_login_timestamp,
       d.display_name as discord_name, coalesce(d.is_present, false) as is_on_discord, coalesce(t.open_issues, 0) as open_issues
from subject s
left join guild_identity.wow_characters c on c.id = s.character_id
left join guild_identity.discord_users d on d.id = s.member_id
left join counted n on n.kind = s.kind and n.id = s.id
left join troubled t on t.kind = s.kind and t.id = s.id
