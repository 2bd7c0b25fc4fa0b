-- name: begin
-- The day's cleaning, unless there was one within the last 23 hours. A time in the future was written by a clock that was wrong.
insert into common.last_cleaning as l (is_only) values (true)
on conflict (is_only) do update set started_at = now(), deleted = '{}'
where l.started_at not between now() - interval '23 hours' and now()
returning true

-- name: end
update common.last_cleaning set deleted = %(deleted)s

-- name: last
select started_at, deleted from common.last_cleaning

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
