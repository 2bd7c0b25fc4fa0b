-- name: state
-- A value for each thing that a rule may depend on: another one as soon as one of its rows was written. With time alone
-- characters fall asleep, more and more of the same rows, so their number tells (for each threshold in `days`); and hiatuses
-- end with a day.
select 'guild' as what, concat_ws(' ', pg_postmaster_start_time(), g.language, g.discord_guild_id) as state
from guild_identity.guilds g
where g.id = %(guild_id)s
union all
select 'characters', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by id))
from guild_identity.wow_characters where guild_id = %(guild_id)s
union all
select 'links', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by character_id))
from guild_identity.player_characters where guild_id = %(guild_id)s
union all
select 'players', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by id))
from guild_identity.players where guild_id = %(guild_id)s
union all
select 'members', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by id))
from guild_identity.discord_users where guild_id = %(guild_id)s
union all
select 'roles', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by role_id))
from guild_identity.discord_roles where guild_id = %(guild_id)s
union all
select 'ranks', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by id))
from common.guild_ranks where guild_id = %(guild_id)s
union all
select 'grants', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by kind, key))
from common.access_grants where guild_id = %(guild_id)s
union all
select 'words', md5(string_agg(row, '' order by row))
from (
    select tidsend(ctid) || xidsend(xmin) || 'alias'::bytea as row
    from guild_identity.player_note_aliases where guild_id = %(guild_id)s
    union all
    select tidsend(ctid) || xidsend(xmin) || 'word' from guild_identity.guild_words where guild_id = %(guild_id)s
    union all
    select tidsend(ctid) || xidsend(xmin) || 'former' from guild_identity.former_names where guild_id = %(guild_id)s
) rows
union all
select 'decisions', md5(string_agg(row, '' order by row))
from (
    select tidsend(ctid) || xidsend(xmin) || 'rejection'::bytea as row
    from guild_identity.link_rejections where guild_id = %(guild_id)s
    union all
    select tidsend(ctid) || xidsend(xmin) || 'shared' from guild_identity.shared_characters where guild_id = %(guild_id)s
    union all
    select tidsend(ctid) || xidsend(xmin) || 'hiatus' from guild_identity.hiatuses where guild_id = %(guild_id)s
) rows
union all
select 'settings', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by issue_type))
from guild_identity.rule_settings where guild_id = %(guild_id)s
union all
select 'issues', md5(string_agg(tidsend(ctid) || xidsend(xmin), '' order by id))
from guild_identity.audit_issues where guild_id = %(guild_id)s
union all
select 'realms', md5(string_agg(tidsend(r.ctid) || xidsend(r.xmin), '' order by r.realm_id))
from guild_identity.guilds g
join common.realms r on r.region = g.region
where g.id = %(guild_id)s
union all
select 'time', concat_ws(' ', (now() at time zone 'UTC')::date, (
    select string_agg(asleep.number::text, ' ' order by d.days)
    from (select days, (extract(epoch from now()) * 1000)::bigint - days * 86400000::bigint as since
          from unnest(%(days)s::integer[]) as d (days) offset 0) d
    cross join lateral (
        select count(*) as number
        from guild_identity.wow_characters c
        where c.guild_id = %(guild_id)s and c.removed_at is null and c.last_login_timestamp < d.since
    ) asleep))
