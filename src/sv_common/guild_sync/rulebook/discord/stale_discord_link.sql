-- name: find
-- Players with a character in the guild who are linked to a person that is not on the Discord server any more, and of how long
-- ago the member list is that says so. `character` is the highest in the guild. Of players who have left, too, nothing is said.
with gone as materialized (  -- first, so that characters are looked at of these few players alone
    select p.id as player_id, p.display_name as player, p.discord_basis, p.discord_confirmed_by,
           d.id as discord_member_id, d.display_name as member, d.username, d.last_sync
    from guild_identity.players p
    join guild_identity.discord_users d
        on d.guild_id = p.guild_id and d.id = p.discord_user_id and not d.is_present and not d.is_bot
    where p.guild_id = %(guild_id)s and (%(among)s::bigint[] is null or p.id = any (%(among)s::bigint[]))
),
here as (
    select l.player_id, count(*) as characters,
           (array_agg(c.character_name order by r.level desc nulls last, c.name_key, c.realm_slug, c.id))[1] as character
    from gone
    join guild_identity.player_characters l on l.guild_id = %(guild_id)s and l.player_id = gone.player_id
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id and c.removed_at is null
    left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
    group by l.player_id
)
select gone.player_id, gone.player, gone.discord_member_id, gone.member, gone.username,
       here.characters, here.character, gone.discord_basis, gone.discord_confirmed_by,
       to_char(gone.last_sync at time zone 'UTC', 'YYYY-MM-DD') as gone_on,
       extract(epoch from coalesce(%(now)s::timestamptz, now()) - g.members_as_of)::bigint as list_age_s
from gone
join here on here.player_id = gone.player_id
join guild_identity.guilds g on g.id = %(guild_id)s
order by gone.player_id
