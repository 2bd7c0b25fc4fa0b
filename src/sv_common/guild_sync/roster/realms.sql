-- name: is_due
-- Whether a region's realms were not fetched for `age`, or never, as which a time in the future counts.
select not exists (
    select from common.realms where region = %(region)s and fetched_at between now() - %(age)s::interval and now())

-- name: write
-- Keep what was fetched of a region's realms. A realm that is listed no more stays: it harms nobody, and a list that was
-- cut short loses nothing. The order is the same in every transaction, so that two of them never wait for each other.
insert into common.realms (region, realm_id, slug, names)
select %(region)s, r.realm_id, r.slug, array(select jsonb_array_elements_text(r.names))
from unnest(%(realm_ids)b::bigint[], %(slugs)b::text[], %(names)b::jsonb[]) as r (realm_id, slug, names)
order by r.realm_id
on conflict (region, realm_id) do update
set slug = excluded.slug, names = excluded.names, fetched_at = now()

-- name: of_guild
-- The realms of a guild's region.
select r.realm_id, r.slug, r.names
from guild_identity.guilds g
join common.realms r on r.region = g.region
where g.id = %(guild_id)s
order by r.realm_id
