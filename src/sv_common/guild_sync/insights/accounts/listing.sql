-- name: members
-- The characters in the guild that belong to an account, with their players.
select e.account, case when e.achievements is null then 'pets' else 'achievements' end, c.id, c.character_name, c.realm_slug, p.id, p.display_name
from guild_identity.account_evidence e
join guild_identity.wow_characters c on c.guild_id = e.guild_id and c.id = e.character_id and c.removed_at is null
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where e.guild_id = %(guild_id)s and e.account is not null
order by e.account, c.name_key, c.realm_slug

-- name: counts
-- Of achievements, an entry is the hash of one with its minute, and that of the minute, eight bytes each.
select count(*)::integer, count(e.pets)::integer, count(e.achievements)::integer,
       (count(*) filter (where e.pets < %(pets)s or earned.entries < %(achievements)s or earned.minutes < %(minutes)s))::integer,
       (count(*) filter (where e.outcome = 'refused'))::integer,
       (select count(*)::integer from guild_identity.account_objections o
        join guild_identity.wow_characters there on there.guild_id = o.guild_id and there.id = o.character_id and there.removed_at is null
        where o.guild_id = %(guild_id)s)
from guild_identity.wow_characters c
left join guild_identity.account_evidence e on e.guild_id = c.guild_id and e.character_id = c.id
left join lateral (
    select count(*) as entries, count(distinct substr(e.achievements, 16 * n + 9, 8)) as minutes
    from generate_series(0, octet_length(e.achievements) / 16 - 1) as n
) earned on e.achievements is not null
where c.guild_id = %(guild_id)s and c.removed_at is null
