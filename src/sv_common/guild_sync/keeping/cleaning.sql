-- name: begin
-- The day's cleaning, unless one has ended within the last 23 hours or begun within the last one. One that failed or was cut off is
-- tried again. A time in the future was written by a clock that was wrong.
insert into common.last_cleaning as l (is_only) values (true)
on conflict (is_only) do update set started_at = now(), ended_at = null, deleted = '{}'
where l.started_at not between now() - interval '23 hours' and now()
   or l.ended_at is null and l.started_at < now() - interval '1 hour'
returning true

-- name: end
update common.last_cleaning set ended_at = now(), deleted = %(deleted)s

-- name: links
-- Sign-in links that were used up or ended.
delete from common.login_links
where token_hash = any (array(
    select token_hash from common.login_links
    where coalesce(used_at, expires_at) < now() - make_interval(days => %(days)s)
    limit %(limit)s
    for update skip locked))

-- name: sessions
delete from common.web_sessions
where id = any (array(
    select s.id from common.web_sessions s
    where least(s.expires_at, s.last_seen_at + %(idle)s::interval, coalesce(s.revoked_at, 'infinity'))
          < now() - make_interval(days => %(days)s)
    limit %(limit)s
    for update skip locked))

-- name: accounts
-- Discord users that have no session any more: an account is made again when they sign in.
delete from common.admin_accounts
where id = any (array(
    select a.id from common.admin_accounts a
    where a.discord_id is not null and a.created_at < now() - make_interval(days => %(days)s)
      and not exists (select from common.web_sessions s where s.account_id = a.id)
    limit %(limit)s
    for update skip locked))

-- name: tokens
-- Tokens that were revoked.
delete from common.api_tokens
where id = any (array(
    select id from common.api_tokens
    where revoked_at < now() - make_interval(days => %(days)s)
    limit %(limit)s
    for update skip locked))

-- name: keys
-- Upload keys that were revoked and of which no upload waits; with what is left of their uploads.
delete from common.upload_keys
where id = any (array(
    select k.id from common.upload_keys k
    where k.revoked_at < now() - make_interval(days => %(days)s)
      and not exists (select from guild_identity.addon_uploads u
                      where u.guild_id = k.guild_id and u.upload_key_id = k.id and u.state = 'received')
    limit %(limit)s
    for update of k skip locked))

-- name: claim_sessions
-- Of members, which have ended.
delete from common.claim_sessions
where token_hash = any (array(
    select token_hash from common.claim_sessions where expires_at < now() limit %(limit)s for update skip locked))

-- name: claim_readings
-- What Battle.net said and no member confirmed within an hour.
delete from guild_identity.claim_readings r
using (select guild_id, discord_user_id from guild_identity.claim_readings
       where read_at < now() - interval '1 hour' limit %(limit)s for update skip locked) old
where r.guild_id = old.guild_id and r.discord_user_id = old.discord_user_id
