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
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
where c.guild_id = %(guild_id)s and (c.removed_at is null or l.player_id is not null or s.character_id is not null)
union all
select case when p.id is null then 'member' else 'player' end, coalesce(p.id, d.id), n.source, d.id, n.name
from guild_identity.discord_users d
left join guild_identity.players p on p.guild_id = d.guild_id and p.discord_user_id = d.id
cross join lateral (values (d.display_name, 'display'), (d.global_name, 'global'), (d.username, 'user')) n (name, source)
where d.guild_id = %(guild_id)s and not d.is_bot and n.name is not null and (d.is_present or p.id is not null)
union all
select 'player', a.player_id, 'alias', a.player_id, a.alias
from guild_identity.aliases_in_use a
where a.guild_id = %(guild_id)s

-- name: notes
-- The notes of the characters in the guild, with whose they are, as names to be searched.
select case when s.character_id is not null then 'shared' when l.player_id is null then 'character' else 'player' end,
       coalesce(l.player_id, c.id), 'note', c.id, c.guild_note
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.shared_characters s on s.guild_id = c.guild_id and s.character_id = c.id
where c.guild_id = %(guild_id)s and c.removed_at is null and c.guild_note <> ''

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
    select s.kind, s.id, c.id as character_id, c.removed_at is null as is_present, c.last_login_timestamp, r.name as rank, r.level,
           r.wow_rank_index, c.name_key, c.character_name, c.character_class, coalesce(c.realm_name, c.realm_slug) as realm,
           case when s.basis = 'proven' then s.basis when s.confirmed_by is not null then 'officer' else s.basis end as proof
    from (
        select s.kind, s.id, l.character_id, l.basis, l.confirmed_by
        from subject s
        join guild_identity.player_characters l on l.guild_id = %(guild_id)s and l.player_id = s.id
        where s.kind = 'player'
        union all
        select s.kind, s.id, s.id, null, null
        from subject s
        where s.kind = 'character'
    ) s
    join guild_identity.wow_characters c on c.guild_id = %(guild_id)s and c.id = s.character_id
    left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
), counted as (
    select kind, id, count(*) filter (where is_present) as characters,
           max(last_login_timestamp) as last_login_timestamp,
           max(last_login_timestamp) filter (where is_present) as seen_here,
           (array_agg(rank order by level desc) filter (where is_present and rank is not null))[1] as rank,
           (array_agg(wow_rank_index order by level desc) filter (where is_present and rank is not null))[1] as rank_index,
           max(level) filter (where is_present) as rank_level,
           count(*) filter (where is_present and proof = 'proven') as proven,
           array(select b.proof from unnest(array['proven', 'officer', 'account', 'note', 'name']) with ordinality b (proof, place)
                 where b.proof = any (array_agg(played.proof) filter (where is_present)) order by b.place) as proofs,
           jsonb_agg(jsonb_build_object('id', character_id, 'name', character_name, 'realm', realm,
                                        'character_class', character_class, 'proof', proof)
                     order by level desc nulls last, name_key, character_id) filter (where is_present) as played
    from played
    group by kind, id
), open_issues as materialized (
    select i.id, i.wow_character_id, i.discord_member_id, i.player_id
    from guild_identity.audit_issues i
    where i.guild_id = %(guild_id)s and i.resolved_at is null and i.dismissed_at is null
), troubled as (
    select about.kind, about.id, count(distinct about.issue_id) as open_issues
    from (
        select p.kind, p.id, i.id as issue_id from played p join open_issues i on i.wow_character_id = p.character_id
        union all
        select s.kind, s.id, i.id from subject s join open_issues i on i.discord_member_id = s.member_id
        union all
        select s.kind, s.id, i.id from subject s join open_issues i on i.player_id = s.id where s.kind = 'player'
    ) about
    group by about.kind, about.id
), today as (
    select (now() at time zone 'UTC')::date as day,
           extract(epoch from now() - make_interval(days => coalesce(
               (select (parameters ->> 'stale_after_days')::integer from guild_identity.rule_settings
                where guild_id = %(guild_id)s and issue_type = 'stale_character'), %(default_days)s))) * 1000 as cutoff
)
select s.kind, s.id, s.name, c.character_name as main_name, coalesce(c.realm_name, c.realm_slug) as main_realm,
       c.character_class as main_class, coalesce(n.characters, 0) as characters, coalesce(n.played, '[]') as played, n.rank,
       n.rank_index, n.rank_level, n.last_login_timestamp, coalesce(n.proofs, '{}') as proofs, coalesce(n.proven, 0) as proven,
       d.display_name as discord_name, coalesce(d.is_present, false) as is_on_discord, h.player_id is not null as is_away,
       h.until::text as away_until, h.player_id is null and coalesce(n.seen_here < today.cutoff, false) as is_inactive,
       coalesce(t.open_issues, 0) as open_issues
from subject s
cross join today
left join guild_identity.wow_characters c on c.guild_id = %(guild_id)s and c.id = s.character_id
left join guild_identity.discord_users d on d.guild_id = %(guild_id)s and d.id = s.member_id
left join guild_identity.hiatuses h on h.guild_id = %(guild_id)s and s.kind = 'player' and h.player_id = s.id and (h.until is null or h.until > today.day)
left join counted n on n.kind = s.kind and n.id = s.id
left join troubled t on t.kind = s.kind and t.id = s.id
