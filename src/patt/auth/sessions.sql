-- name: holder
-- Whose session it is, and which language the guild of the request speaks: the holder's, or else the one that is asked for.
-- That a person was seen is noted at most once a minute, so that a busy page does not write at each call. The moment says what
-- the database shows, as `patt/web/kept` reads it.
with holder as (
    select s.id, s.account_id, a.name, a.discord_id, a.role, s.last_seen_at,
           case when a.discord_id is null then a.guild_id else s.guild_id end as guild_id
    from common.web_sessions s
    join common.admin_accounts a on a.id = s.account_id
    where s.token_hash = %(session)s and s.revoked_at is null and s.expires_at > now()
      and s.last_seen_at > now() - %(idle)s
), noted as (
    update common.web_sessions s set last_seen_at = now()
    from holder
    where s.id = holder.id and %(is_seen)s and holder.last_seen_at < now() - interval '1 minute'
)
select id, account_id, name, discord_id, role, guild_id,
       guild_identity.spoken_language(coalesce(holder.guild_id, %(asked)s)) as language,
       case when not pg_is_in_recovery() then concat_ws(' ', pg_postmaster_start_time(), pg_current_snapshot()) end as moment
from holder

-- name: begin_sign_in
-- What was begun and never ended is forgotten on the way.
with stale as (
    delete from common.begun_sign_ins where expires_at <= now()
)
insert into common.begun_sign_ins (proof_hash, purpose, expires_at) values (%(proof)s, %(purpose)s, now() + %(lifetime)s)

-- name: end_sign_in
-- Use a sign-in up; of two that come with the same proof, the second finds nothing.
delete from common.begun_sign_ins where proof_hash = %(proof)s and expires_at > now() returning purpose

-- name: sign_in_with_discord
-- A new session of the account of a Discord user, which is created if missing, and gets its current name.
with account as (
    insert into common.admin_accounts (name, discord_id) values (%(name)s, %(discord_id)s)
    on conflict (discord_id) do update set name = excluded.name
    returning id
)
insert into common.web_sessions (token_hash, account_id, guild_id, expires_at)
select %(session)s, id, %(guild_id)s, now() + %(lifetime)s from account

-- name: move_to_guild
-- The same session with another guild and a new secret; when it must end stays as it was.
update common.web_sessions set token_hash = %(new)s, guild_id = %(guild_id)s, last_seen_at = now()
where token_hash = %(session)s and revoked_at is null

-- name: end
update common.web_sessions set revoked_at = now() where token_hash = %(session)s and revoked_at is null

-- name: list
-- The sessions that are of use, newest first: of one account, of one guild, or all.
select s.id, s.account_id, a.name as account, case when a.discord_id is null then 'link' else 'discord' end as kind,
       case when a.discord_id is null then a.guild_id else s.guild_id end as guild_id,
       s.created_at, s.last_seen_at, least(s.expires_at, s.last_seen_at + %(idle)s) as expires_at
from common.web_sessions s
join common.admin_accounts a on a.id = s.account_id
where s.revoked_at is null and s.expires_at > now() and s.last_seen_at > now() - %(idle)s
  and (%(account_id)s::integer is null or s.account_id = %(account_id)s)
  and (%(guild_id)s::integer is null
       or s.id = any (array(
           select o.id from common.web_sessions o join common.admin_accounts b on b.id = o.account_id
           where o.guild_id = %(guild_id)s and b.discord_id is not null
           union all
           select o.id from common.admin_accounts b join common.web_sessions o on o.account_id = b.id
           where b.guild_id = %(guild_id)s and b.discord_id is null)))
order by s.id desc

-- name: revoke
update common.web_sessions s set revoked_at = now()
from common.admin_accounts a
where s.id = %(session_id)s and a.id = s.account_id
  and s.revoked_at is null and s.expires_at > now() and s.last_seen_at > now() - %(idle)s
  and (%(account_id)s::integer is null or s.account_id = %(account_id)s)
  and (%(guild_id)s::integer is null
       or case when a.discord_id is null then a.guild_id else s.guild_id end = %(guild_id)s)

-- name: end_all
update common.web_sessions set revoked_at = now() where revoked_at is null and expires_at > now()

-- name: end_all_of
update common.web_sessions set revoked_at = now()
where account_id = %(account_id)s and revoked_at is null and expires_at > now()

-- name: end_all_of_name
update common.web_sessions s set revoked_at = now()
from common.admin_accounts a
where a.id = s.account_id and a.name = %(name)s and s.revoked_at is null and s.expires_at > now()

-- name: accounts
-- Local accounts that were ever made, and those of Discord; by name.
select a.id, a.name, a.role, a.guild_id, case when a.discord_id is null then 'link' else 'discord' end as kind,
       a.created_at, max(s.last_seen_at) as last_seen_at
from common.admin_accounts a
left join common.web_sessions s
    on s.account_id = a.id and (%(guild_id)s::integer is null or a.guild_id = %(guild_id)s or s.guild_id = %(guild_id)s)
where %(guild_id)s::integer is null
   or a.id = any (array(select id from common.admin_accounts where guild_id = %(guild_id)s
                        union all
                        select account_id from common.web_sessions where guild_id = %(guild_id)s))
group by a.id
order by a.discord_id is not null, guild_identity.search_key(a.name) collate "C", a.id
