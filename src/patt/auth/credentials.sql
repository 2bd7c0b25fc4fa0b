-- name: create_login_link
-- A link for an account, which is made when there is none of this name; a role that is given is given to a known one too.
with account as (
    insert into common.admin_accounts as a (name, role, guild_id)
    values (%(name)s, coalesce(%(role)s::text, 'administrator'), %(guild_id)s)
    on conflict (name) where discord_id is null do update
    set role = coalesce(%(role)s::text, a.role),
        guild_id = case when %(role)s::text is null then a.guild_id else excluded.guild_id end
    returning id
)
insert into common.login_links (token_hash, account_id, expires_at)
select %(link)s, id, now() + %(lifetime)s from account

-- name: account_of_login_link
select a.id, a.name, a.role, a.guild_id
from common.login_links l
join common.admin_accounts a on a.id = l.account_id
where l.token_hash = %(link)s and l.used_at is null and l.expires_at > now()

-- name: redeem_login_link
-- Of two that redeem one link at the same moment, the second waits for the row and then finds it used.
with used as (
    update common.login_links set used_at = now()
    where token_hash = %(link)s and used_at is null and expires_at > now()
    returning account_id
)
insert into common.web_sessions (token_hash, account_id, expires_at)
select %(session)s, account_id, now() + %(lifetime)s from used

-- name: use_up_login_links
update common.login_links set used_at = now() where used_at is null

-- name: create_api_token
insert into common.api_tokens (guild_id, name, token_hash, created_by, scope)
values (%(guild_id)s, %(name)s, %(secret)s, %(created_by)s, %(scope)s)

-- name: api_tokens
-- All tokens, or those of one guild; revoked ones last.
select id, name, guild_id, scope, created_by, created_at, last_used_at, revoked_at
from common.api_tokens
where %(guild_id)s::integer is null or guild_id = %(guild_id)s
order by revoked_at is not null, name, id

-- name: holder_of_token
-- Who holds a token, and which language the guild of the request speaks. That it was used is noted at most once a minute, so
-- that a busy token does not write at each call.
with holder as (
    select id, name, guild_id, scope, last_used_at
    from common.api_tokens
    where token_hash = %(token)s and revoked_at is null
), noted as (
    update common.api_tokens t set last_used_at = now()
    from holder
    where t.id = holder.id and (holder.last_used_at is null or holder.last_used_at < now() - interval '1 minute')
)
select id, name, guild_id, scope,
       guild_identity.spoken_language(coalesce(holder.guild_id, %(asked)s)) as language,
       case when not pg_is_in_recovery() then concat_ws(' ', pg_postmaster_start_time(), pg_current_snapshot()) end as moment
from holder

-- name: revoke_api_token
update common.api_tokens set revoked_at = now() where id = %(token_id)s and revoked_at is null

-- name: create_upload_key
insert into common.upload_keys (guild_id, uploader, key_hash, may_fetch_notes, created_by)
values (%(guild_id)s, %(name)s, %(secret)s, %(may_fetch_notes)s, %(created_by)s)

-- name: uploader_of_key
-- Whose key it is, and which language its guild speaks. That it was used is noted at most once a minute.
with holder as (
    select id, guild_id, uploader, may_fetch_notes, last_used_at
    from common.upload_keys
    where key_hash = %(key)s and revoked_at is null
), noted as (
    update common.upload_keys k set last_used_at = now()
    from holder
    where k.id = holder.id and (holder.last_used_at is null or holder.last_used_at < now() - interval '1 minute')
)
select holder.id as key_id, holder.guild_id, holder.uploader as name, holder.may_fetch_notes, g.language
from holder
join guild_identity.guilds g on g.id = holder.guild_id

-- name: upload_keys
select k.id, k.uploader, k.may_fetch_notes, k.created_by, k.created_at, k.last_used_at,
       (select max(u.as_of) from guild_identity.addon_uploads u
        where u.guild_id = k.guild_id and u.upload_key_id = k.id) as last_export_at,
       k.revoked_at
from common.upload_keys k
where k.guild_id = %(guild_id)s
order by k.revoked_at is not null, k.uploader, k.id

-- name: revoke_upload_key
update common.upload_keys set revoked_at = now()
where id = %(key_id)s and guild_id = %(guild_id)s and revoked_at is null

-- name: ping
-- Whether the database answers.
select 1

-- name: schema_revision
-- The schema that the database was brought to.
select version_num from public.alembic_version
