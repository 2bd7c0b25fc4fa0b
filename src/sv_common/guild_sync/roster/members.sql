-- name: apply_roles
-- The server's roles as fetched; roles that are gone are forgotten.
with incoming as (
    select * from unnest(%(role_ids)b::text[], %(names)b::text[], %(positions)b::integer[], %(integrations)b::boolean[],
                         %(administrative)b::boolean[]) as r (role_id, name, position, is_integration, is_administrative)
), gone as (
    delete from guild_identity.discord_roles d
    where d.guild_id = %(guild_id)s and not exists (select from incoming where incoming.role_id = d.role_id)
)
insert into guild_identity.discord_roles (guild_id, role_id, name, position, is_integration, is_administrative)
select %(guild_id)s, role_id, name, position, is_integration, is_administrative from incoming
on conflict (guild_id, role_id) do update
set name = excluded.name, position = excluded.position, is_integration = excluded.is_integration,
    is_administrative = excluded.is_administrative
where (discord_roles.name, discord_roles.position, discord_roles.is_integration, discord_roles.is_administrative)
      is distinct from (excluded.name, excluded.position, excluded.is_integration, excluded.is_administrative)

-- name: rename_mapped_roles
-- Role names in the rank table follow Discord; which role a rank maps to does not change.
update common.guild_ranks r
set discord_role_name = d.name
from guild_identity.discord_roles d
where r.guild_id = %(guild_id)s and d.guild_id = r.guild_id and d.role_id = r.discord_role_id
  and r.discord_role_name is distinct from d.name

-- name: known_roles
-- Of two roles in one position the older, whose id is lower, is the higher.
select role_id, name, position, is_integration, is_administrative
from guild_identity.discord_roles
where guild_id = %(guild_id)s
order by position desc, length(role_id), role_id

-- name: present_people
select discord_id from guild_identity.discord_users where guild_id = %(guild_id)s and is_present and not is_bot

-- name: apply_members
-- The server's members as fetched: new ones are added, changed ones updated, missing ones marked as gone. Roles are
-- written where the list is newer than the last look at the member; a look that lies in the future counts as never. A
-- member who is as before in the list is not touched.
with incoming as (
    select m.*,
           (select r.discord_role_name from common.guild_ranks r
            where r.guild_id = %(guild_id)s and r.discord_role_id = any (m.all_guild_roles)
            order by r.level desc, r.wow_rank_index limit 1) as highest_guild_role
    from (
        select discord_id, username, global_name, display_name, is_bot,
               array(select jsonb_array_elements_text(roles)) as all_guild_roles
        from unnest(%(discord_ids)b::text[], %(usernames)b::text[], %(global_names)b::text[],
                    %(display_names)b::text[], %(bots)b::boolean[], %(roles)b::jsonb[])
            as m (discord_id, username, global_name, display_name, is_bot, roles)
    ) m
), known as (
    select discord_id, username, global_name, display_name, highest_guild_role, all_guild_roles, is_bot, is_present,
           coalesce(roles_as_of <= %(as_of)s or roles_as_of > clock_timestamp(), true) as is_older
    from guild_identity.discord_users where guild_id = %(guild_id)s
), news as (
    select i.*
    from incoming i
    left join known k using (discord_id)
    where k.discord_id is null or not k.is_present
       or (k.username, k.global_name, k.display_name, k.is_bot)
          is distinct from (i.username, i.global_name, i.display_name, i.is_bot)
       or (k.is_older and (k.highest_guild_role, k.all_guild_roles)
                          is distinct from (i.highest_guild_role, i.all_guild_roles))
), applied as (
    insert into guild_identity.discord_users as u
        (guild_id, discord_id, username, global_name, display_name, highest_guild_role, all_guild_roles, is_bot,
         roles_as_of)
    select %(guild_id)s, discord_id, username, global_name, display_name, highest_guild_role, all_guild_roles, is_bot,
           %(as_of)s
    from news
    on conflict (guild_id, discord_id) do update
    set username = excluded.username, global_name = excluded.global_name, display_name = excluded.display_name,
        (highest_guild_role, all_guild_roles, roles_as_of) = (
            select n.highest, n.held, n.as_of
            from (values (true, excluded.highest_guild_role, excluded.all_guild_roles, excluded.roles_as_of),
                         (false, u.highest_guild_role, u.all_guild_roles, u.roles_as_of))
                as n (is_new, highest, held, as_of)
            where n.is_new = (coalesce(u.roles_as_of <= excluded.roles_as_of, true) or u.roles_as_of > clock_timestamp())),
        is_bot = excluded.is_bot, is_present = true, last_sync = now()
    returning u.discord_id
), gone as (
    update guild_identity.discord_users u
    set is_present = false, last_sync = now()
    where u.guild_id = %(guild_id)s and u.is_present
      and not exists (select from incoming where incoming.discord_id = u.discord_id)
    returning u.id, u.is_bot
)
select (select count(*) from applied a where not exists (select from known k where k.discord_id = a.discord_id)),
       (select count(*) from applied a join known k using (discord_id) where not k.is_present),
       (select count(*) from gone),
       array(select id from gone where not is_bot order by id)

-- name: addresses
-- Where members are on Discord, for changing their roles.
select d.id, d.discord_id, g.discord_guild_id
from guild_identity.discord_users d
join guild_identity.guilds g on g.id = d.guild_id
where d.id = any (%(member_ids)s) and d.guild_id = %(guild_id)s

-- name: set_roles
-- What a second look at Discord showed after roles were changed. Without the moment of the look it is now, and not when
-- this transaction began: a list may have been fetched since then, before the change. A list that was taken in later, and
-- has the member, said the same as the row does.
update guild_identity.discord_users d
set roles_as_of = l.as_of,
    all_guild_roles = array(select jsonb_array_elements_text(n.roles)),
    highest_guild_role = (select r.discord_role_name from common.guild_ranks r
                          where r.guild_id = d.guild_id and n.roles ? r.discord_role_id
                          order by r.level desc, r.wow_rank_index limit 1)
from unnest(%(member_ids)b::bigint[], %(roles)b::jsonb[]) as n (id, roles),
     (select least(%(looked_at)s::timestamptz, clock_timestamp()) as as_of) l,
     guild_identity.guilds g
where d.id = n.id and d.guild_id = %(guild_id)s and g.id = %(guild_id)s
  and (d.roles_as_of is null or d.roles_as_of <= l.as_of or d.roles_as_of > clock_timestamp())
  and (not d.is_present or g.members_as_of is null or g.members_as_of <= l.as_of or g.members_as_of > clock_timestamp())
