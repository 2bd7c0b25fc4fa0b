-- name: grants
-- Members of Discord servers who are there, with whatever gives them a role in the guild; those with nothing have one row.
-- Ranks below the guild master's count for nothing while the rank table is in doubt. A rank gives more than a look only if
-- both links from the character to the member are confirmed, the first of which may count by the account; an administrator's rank
-- only if a person stands for both, and an administrator confirmed them.
-- Of one member all guilds are meant that they are in, and their rows are looked up by these numbers, not found among all.
with member as materialized (
    select m.id, m.guild_id, m.discord_id, m.username, m.display_name, m.all_guild_roles
    from guild_identity.discord_users m
    where m.is_present and not m.is_bot
      and (%(guild_id)s::integer is null or m.guild_id = %(guild_id)s)
      and (%(discord_id)s::text is null or m.discord_id = %(discord_id)s)
), their_guilds as materialized (
    select array_agg(distinct guild_id) as ids from member
), doubt as (
    select guild_id from guild_identity.moved_ranks where guild_id = any ((select ids from their_guilds)::integer[])
    union
    select guild_id from common.guild_ranks
    where guild_id = any ((select ids from their_guilds)::integer[]) and name_in_game <> name
), given as (
    select guild_id, kind, key, role from common.access_grants_in_force
    where guild_id = any ((select ids from their_guilds)::integer[]) and role <> 'none'
), by_account as materialized (
    -- Read only when a link by the account would give a right, in a guild that has set that such links count.
    select guild_id, jsonb_object_agg(character_id, jsonb_build_object(
               'character', anchor_name, 'basis', anchor_basis, 'confirmed_by', anchor_confirmed_by)) as links
    from guild_identity.links_counted_by_account
    where guild_id = any ((select ids from their_guilds)::integer[])
    group by guild_id
), given_by as (
    -- A role that fixes give and take by rank is within an officer's reach, so it cannot make an administrator.
    select m.id, 'discord_role' as kind, r.name as because, null::integer as unnamed_rank, null::bigint as character_id, true as is_vouched_for,
           null as player, null as basis, null as basis_note, true as is_link_confirmed, true as is_member_confirmed,
           null::jsonb as same_account,
           case when a.role = 'administrator' and exists (
               select from common.guild_ranks g
               where g.guild_id = a.guild_id and g.discord_role_id = a.key and g.is_role_managed
           ) then 'officer' else a.role end as role
    from member m
    join given a on a.guild_id = m.guild_id and a.kind = 'discord_role'
    join guild_identity.discord_roles r on r.guild_id = a.guild_id and r.role_id = a.key
    where a.key = any (m.all_guild_roles)
    union all
    select m.id, 'rank', c.character_name || coalesce(' (' || r.name || ')', ''), case when r.name is null then c.rank_index end, c.id,
           a.role = 'viewer' or (
               exists (select from guild_identity.confirmed_characters v
                       where (v.guild_id, v.character_id, v.player_id, v.discord_user_id) = (m.guild_id, c.id, p.id, m.id))
               and (a.role <> 'administrator' or exists (
                   select from common.confirmed_links v
                   where (v.guild_id, v.character_id, v.player_id, v.discord_user_id) = (m.guild_id, c.id, p.id, m.id)
               ))
           ),
           p.display_name, l.basis, l.basis_note, l.basis = 'proven' or l.confirmed_by is not null,
           coalesce(p.discord_basis = 'proven', false) or p.discord_confirmed_by is not null,
           case when a.role = 'officer' and l.basis = 'account' and l.confirmed_by is null and exists (
               select from guild_identity.account_settings s where s.guild_id = l.guild_id and s.gives_rights
           ) then (select b.links -> l.character_id::text from by_account b where b.guild_id = l.guild_id) end,
           a.role
    from member m
    join guild_identity.players p on p.guild_id = m.guild_id and p.discord_user_id = m.id
    join guild_identity.player_characters l on l.guild_id = p.guild_id and l.player_id = p.id
    join guild_identity.wow_characters c on c.guild_id = l.guild_id and c.id = l.character_id and c.removed_at is null
    join given a on a.guild_id = m.guild_id and a.kind = 'rank' and a.key = c.rank_index::text
    left join common.guild_ranks r on r.guild_id = m.guild_id and r.wow_rank_index = c.rank_index
    where (c.rank_index = 0 or m.guild_id not in (select guild_id from doubt))
), granted as (
    select *, is_vouched_for or (same_account is not null and is_member_confirmed) as is_confirmed from given_by
)
select m.guild_id, g.name as guild, m.discord_id, m.username, m.display_name,
       c.kind, c.because, c.unnamed_rank, c.character_id, c.is_confirmed, c.role, c.player, c.basis, c.basis_note,
       coalesce(c.is_link_confirmed, false) as is_link_confirmed, coalesce(c.is_member_confirmed, false) as is_member_confirmed,
       c.same_account
from member m
join guild_identity.guilds g on g.id = m.guild_id
left join granted c on c.id = m.id
where g.id = any ((select ids from their_guilds)::integer[])
order by m.guild_id, guild_identity.search_key(m.display_name) collate "C", m.discord_id,
         array_position(array['administrator', 'officer', 'viewer'], c.role), not c.is_confirmed, c.kind, c.because

-- name: mapping
-- Every Discord role and every rank of a guild with the role that it gives; those that are mapped and gone stay listed.
select coalesce(a.kind, k.kind) as kind, coalesce(a.key, k.key) as key, k.label,
       coalesce(a.role, 'none') as role, a.set_by, a.set_at, coalesce(k.is_managed, false) as is_managed
from (
    select 'discord_role' as kind, r.role_id as key, r.name as label, 1000 - r.position as place,
           exists (select from common.guild_ranks g
                   where g.guild_id = r.guild_id and g.discord_role_id = r.role_id and g.is_role_managed) as is_managed
    from guild_identity.discord_roles r
    join guild_identity.guilds g on g.id = r.guild_id
    where r.guild_id = %(guild_id)s and not r.is_integration and r.role_id is distinct from g.discord_guild_id
    union all
    select 'rank', wow_rank_index::text, name, wow_rank_index, false
    from common.guild_ranks
    where guild_id = %(guild_id)s
) k
full join (select * from common.access_grants_in_force where guild_id = %(guild_id)s) a using (kind, key)
order by 1 desc, k.place nulls last, 2

-- name: set
insert into common.access_grants (guild_id, kind, key, role, set_by)
values (%(guild_id)s, %(kind)s, %(key)s, %(role)s, %(actor)s)
on conflict (guild_id, kind, key) do update
set role = excluded.role, set_by = excluded.set_by, set_at = now()

-- name: confirm
-- Confirm as an administrator that a member has a character by the very link that it has now; a second time changes nothing.
insert into common.confirmed_links (guild_id, character_id, player_id, discord_user_id, confirmed_by)
select m.guild_id, l.character_id, p.id, m.id, %(actor)s
from guild_identity.discord_users m
join guild_identity.players p on p.guild_id = m.guild_id and p.discord_user_id = m.id
join guild_identity.player_characters l on l.guild_id = p.guild_id and l.player_id = p.id
where m.guild_id = %(guild_id)s and m.discord_id = %(discord_id)s and l.character_id = %(character_id)s
on conflict do nothing
