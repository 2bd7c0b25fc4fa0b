-- name: state
-- A value for each thing that a rule may depend on: another one as soon as one of its rows was written. It is the number of rows,
-- and a hash of all rows' versions that needs no order: sorting them would cost as much as all else. With time alone
-- characters fall asleep, more and more of the same rows, so their number tells (for each threshold in `days`); and hiatuses
-- end with a day.
select 'guild' as what, concat_ws(' ', pg_postmaster_start_time(), g.language, g.discord_guild_id) as state
from guild_identity.guilds g
where g.id = %(guild_id)s
union all
select 'characters', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.wow_characters where guild_id = %(guild_id)s
union all
select 'links', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.player_characters where guild_id = %(guild_id)s
union all
select 'players', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.players where guild_id = %(guild_id)s
union all
select 'members', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.discord_users where guild_id = %(guild_id)s
union all
select 'roles', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.discord_roles where guild_id = %(guild_id)s
union all
select 'ranks', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from common.guild_ranks where guild_id = %(guild_id)s
union all
select 'grants', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from common.access_grants where guild_id = %(guild_id)s
union all
select 'words', concat_ws(' ', count(*), bit_xor(hash))
from (
    select hash_record_extended((ctid, xmin, 'alias'::text), 0) as hash
    from guild_identity.player_note_aliases where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'word'::text), 0) from guild_identity.guild_words where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'former'::text), 0) from guild_identity.former_names where guild_id = %(guild_id)s
) rows
union all
select 'decisions', concat_ws(' ', count(*), bit_xor(hash))
from (
    select hash_record_extended((ctid, xmin, 'rejection'::text), 0) as hash
    from guild_identity.link_rejections where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'shared'::text), 0) from guild_identity.shared_characters where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'hiatus'::text), 0) from guild_identity.hiatuses where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'account'::text), 0) from guild_identity.shared_accounts where guild_id = %(guild_id)s
) rows
union all
select 'accounts', concat_ws(' ', (select concat_ws(' ', mode, gives_rights) from guild_identity.account_settings where guild_id = %(guild_id)s),
                             (select concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
                              from guild_identity.account_objections where guild_id = %(guild_id)s),
                             count(*), bit_xor(hash_record_extended((character_id, account, achievements is null, doubted_read_at is null), 0)))
from guild_identity.account_evidence where guild_id = %(guild_id)s and account is not null
union all
select 'claims', concat_ws(' ', count(*), bit_xor(hash))
from (
    select hash_record_extended((ctid, xmin, 'claim'::text), 0) as hash
    from guild_identity.claims where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'character'::text), 0) from guild_identity.claimed_characters where guild_id = %(guild_id)s
    union all
    select hash_record_extended((ctid, xmin, 'contest'::text), 0) from guild_identity.claim_contests where guild_id = %(guild_id)s
) rows
union all
select 'settings', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.rule_settings where guild_id = %(guild_id)s
union all
select 'issues', concat_ws(' ', count(*), bit_xor(hash_record_extended((ctid, xmin), 0)))
from guild_identity.audit_issues where guild_id = %(guild_id)s
union all
select 'realms', concat_ws(' ', count(*), bit_xor(hash_record_extended((r.ctid, r.xmin), 0)))
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
