-- name: wrong
-- Players on Discord whose managed roles are not what their rank says: the role of the highest rank among characters in
-- the guild; none where that rank has no role on purpose, or where all their characters have left. Nothing is said of a
-- rank that nobody has decided about, of a role that is not managed or cannot be given, or of players without characters.
-- `character` decides: the highest in the guild, or, with `has_left`, of those that were. Without a right role its id is null.
-- A guild master whose rank has no role keeps what they hold: that role is often above the bot's, so the rank has none.
-- Those who `is_departed` are known to have left: all their characters are gone, an officer or the game stands for one of these
-- links and for who they are on Discord.
-- Which links count by their account is asked once, and only where the guild has set that they do, and one decides here.
with usable as (
    select r.id, r.guild_id, r.discord_role_id, coalesce(d.name, r.discord_role_name, r.name) as role_name, r.wow_rank_index,
           coalesce(d.is_administrative, false) or exists (
               select from common.access_grants_in_force a
               where a.guild_id = r.guild_id and a.role in ('officer', 'administrator')
                 and (a.kind, a.key) in (('discord_role', r.discord_role_id), ('rank', r.wow_rank_index::text))
           ) as is_administrative
    from common.guild_ranks r
    join guild_identity.guilds g on g.id = r.guild_id
    left join guild_identity.discord_roles d on d.guild_id = r.guild_id and d.role_id = r.discord_role_id
    where r.guild_id = %(guild_id)s and r.is_role_managed
      and r.discord_role_id is distinct from g.discord_guild_id
      and not coalesce(d.is_integration, false)
      and (d.role_id is not null
           or not exists (select from guild_identity.discord_roles known where known.guild_id = r.guild_id))
), placed as materialized (
    select r.id, row_number() over (order by r.level desc nulls last, r.wow_rank_index) as place,
           r.is_without_role and r.wow_rank_index > 0 as is_without_role
    from common.guild_ranks r
    where r.guild_id = %(guild_id)s
), highest as materialized (
    -- Of each player on Discord the place of the highest rank in the guild, and whether all their characters have left.
    select p.id, p.discord_user_id, min(r.place) filter (where c.removed_at is null) as place,
           bool_and(c.removed_at is not null) as has_left
    from guild_identity.players p
    join guild_identity.player_characters l on l.guild_id = p.guild_id and l.player_id = p.id
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id
    left join placed r on r.id = c.guild_rank_id
    where p.guild_id = %(guild_id)s and p.discord_user_id is not null
      and (%(among)s::bigint[] is null or p.id = any (%(among)s::bigint[]))
    group by p.id, p.discord_user_id
), in_question as materialized (
    -- Nearly all have the right roles. What decides about one, and why, is looked up for the others alone.
    select h.id
    from highest h
    join guild_identity.discord_users d on d.guild_id = %(guild_id)s and d.id = h.discord_user_id and d.is_present
    left join placed k on k.place = h.place
    left join usable u on u.id = k.id and not h.has_left
    where (u.id is not null or h.has_left or k.is_without_role)
      and (u.id is not null and u.discord_role_id <> all (d.all_guild_roles)
           or exists (select from usable w where w.discord_role_id is distinct from u.discord_role_id
                                             and w.discord_role_id = any (d.all_guild_roles)))
), standing as (
    -- The character that decides: the highest in the guild, else the highest of those that have left. Of equals it is the
    -- one with the best-founded link, then by name, so that the order in which a roster lists them decides nothing.
    select distinct on (p.id)
        p.id, p.guild_id, p.display_name, p.discord_user_id, p.discord_basis, p.discord_confirmed_by,
        c.id as character_id, c.character_name, c.removed_at is not null as has_left,
        max(c.removed_at) over (partition by p.id) as left_at,
        c.removed_at is not null and v.is_member and bool_or(v.is_character) over (partition by p.id) as is_departed,
        l.basis, l.basis_note, l.confirmed_by,
        r.id as rank_id, r.name as rank_name
    from guild_identity.players p
    join guild_identity.player_characters l on l.guild_id = p.guild_id and l.player_id = p.id
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id
    left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
    cross join lateral (
        select p.discord_basis is not distinct from 'proven' or p.discord_confirmed_by is not null as is_member,
               l.basis is not distinct from 'proven' or l.confirmed_by is not null as is_character
    ) v
    where p.guild_id = %(guild_id)s and p.id in (select id from in_question)
    order by p.id, c.removed_at is not null, (c.removed_at is not null and v.is_member and v.is_character) desc,
             r.level desc nulls last, r.wow_rank_index,
             (l.basis = 'proven') is true desc, l.confirmed_by is not null desc, (l.basis = 'account') is true desc,
             c.name_key, c.realm_slug, c.id
)
select s.id as player_id, s.display_name as player, d.id as discord_member_id, d.display_name as member,
       s.character_name as character, s.rank_name as rank, s.has_left, s.is_departed,
       case when s.has_left then to_char(s.left_at at time zone 'UTC', 'YYYY-MM-DD') end as left_on,
       u.discord_role_id as right_role_id, u.role_name as right_role,
       coalesce(u.discord_role_id = any (d.all_guild_roles), false) as has_right_role,
       coalesce(held.roles, '[]'::jsonb) as wrong_roles,
       s.basis, s.basis_note, s.confirmed_by, s.discord_basis, s.discord_confirmed_by,
       case when s.basis = 'account' and s.confirmed_by is null and (
           select gives_rights from guild_identity.account_settings where guild_id = %(guild_id)s
       ) then s.character_id in (
           select character_id from guild_identity.links_counted_by_account where guild_id = %(guild_id)s
       ) end as counts_by_account,
       coalesce(u.is_administrative, false) or coalesce(held.any_administrative, false) as is_administrative,
       -- What the right role gives here, where that is more than a look.
       (select a.role from common.access_grants_in_force a
        where a.guild_id = s.guild_id and a.kind = 'discord_role' and a.key = u.discord_role_id
          and a.role in ('officer', 'administrator')) as gives
from standing s
join guild_identity.discord_users d on d.guild_id = s.guild_id and d.id = s.discord_user_id
left join usable u on u.id = s.rank_id and not s.has_left
left join lateral (
    select jsonb_agg(jsonb_build_object('id', w.discord_role_id, 'name', w.role_name) order by w.discord_role_id) as roles,
           bool_or(w.is_administrative) as any_administrative
    from (
        select distinct on (w.discord_role_id) w.discord_role_id, w.role_name, w.is_administrative
        from usable w
        where w.guild_id = s.guild_id and w.discord_role_id is distinct from u.discord_role_id
          and w.discord_role_id = any (d.all_guild_roles)
        order by w.discord_role_id, w.wow_rank_index
    ) w
) held on true
order by s.id
