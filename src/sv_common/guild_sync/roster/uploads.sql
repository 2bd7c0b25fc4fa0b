-- name: receive
-- Keep an upload, in one statement, so that the same export may come eight times at once. One that waits takes the same
-- content in; that counts as seen at the later of the two times. The same as the newest one that was taken in is not kept.
with newest as (
    select id, content_hash, state from guild_identity.addon_uploads
    where guild_id = %(guild_id)s
    order by id desc
    limit 1
), kept as (
    insert into guild_identity.addon_uploads as u
        (guild_id, upload_key_id, content_hash, characters, character_count, exported_at, as_of, guild_name, realm, region)
    select %(guild_id)s, %(key_id)s, %(content_hash)s, %(characters)s, %(character_count)s, %(exported_at)s::timestamptz,
           least(%(exported_at)s::timestamptz, now()), %(guild_name)s, %(realm)s, %(region)s
    where not exists (select from newest n where n.content_hash = %(content_hash)s and n.state in ('done', 'superseded'))
    on conflict (guild_id, content_hash) where state = 'received' do update
    set as_of = greatest(u.as_of, excluded.as_of)
    returning u.id, u.xmax = 0 as is_new  -- a row that was there has been locked by this transaction, which xmax tells
)
select id, case when is_new then 'new' else 'waiting' end from kept
union all
select id, state from newest where not exists (select from kept)

-- name: next
-- The upload that waits with the oldest export, of those that may be tried by now. The pause counts from a failure, so that
-- a killed worker costs no time; a failure that lies in the future counts as never.
select u.id, u.attempts, k.uploader, u.characters, u.as_of, u.guild_name, u.realm, u.region
from guild_identity.addon_uploads u
join common.upload_keys k on k.guild_id = u.guild_id and k.id = u.upload_key_id
where u.guild_id = %(guild_id)s and u.state = 'received'
  and (u.failed_at is null or u.failed_at > now()
       or u.failed_at <= now() - make_interval(mins => (2 ^ least(u.attempts, 6))::integer))
order by u.as_of, u.id
limit 1

-- name: is_any_waiting
select exists (
    select from guild_identity.addon_uploads u
    where u.guild_id = %(guild_id)s and u.state = 'received'
      and (u.failed_at is null or u.failed_at > now()
           or u.failed_at <= now() - make_interval(mins => (2 ^ least(u.attempts, 6))::integer)))

-- name: count_try
-- A try is counted when it begins, under the guild's lock, so that an upload which ends the worker itself is given up one day.
update guild_identity.addon_uploads set attempts = attempts + 1
where guild_id = %(guild_id)s and id = %(upload_id)s and state = 'received'
returning attempts

-- name: finish
-- Note what became of an upload. One that was sent again meanwhile, with a later time, waits for that.
update guild_identity.addon_uploads
set state = %(state)s, sentence = %(sentence)s, run_id = %(run_id)s, characters = null, finished_at = now()
where guild_id = %(guild_id)s and id = %(upload_id)s and state = 'received' and as_of = coalesce(%(as_of)s, as_of)

-- name: give_up
-- What was acknowledged is not erased: it can be tried again.
update guild_identity.addon_uploads set state = 'failed', sentence = %(sentence)s, finished_at = now()
where guild_id = %(guild_id)s and id = %(upload_id)s and state = 'received'

-- name: put_off
update guild_identity.addon_uploads set sentence = %(sentence)s, failed_at = now() where guild_id = %(guild_id)s and id = %(upload_id)s and state = 'received'

-- name: retry
-- Let an upload that was given up wait again.
update guild_identity.addon_uploads
set state = 'received', attempts = 0, failed_at = null, finished_at = null, sentence = null
where guild_id = %(guild_id)s and id = %(upload_id)s and state = 'failed' and characters is not null

-- name: get
select u.id, u.guild_id, u.upload_key_id, k.uploader, u.character_count, u.exported_at, u.as_of, u.received_at, u.state,
       u.attempts, u.sentence, u.run_id, u.finished_at
from guild_identity.addon_uploads u
join common.upload_keys k on k.guild_id = u.guild_id and k.id = u.upload_key_id
where u.id = %(upload_id)s and u.guild_id = %(guild_id)s

-- name: recent
-- Those that wait or were given up, then the newest of the others.
select u.id, u.guild_id, u.upload_key_id, k.uploader, u.character_count, u.exported_at, u.as_of, u.received_at, u.state,
       u.attempts, u.sentence, u.run_id, u.finished_at
from guild_identity.addon_uploads u
join common.upload_keys k on k.guild_id = u.guild_id and k.id = u.upload_key_id
where u.guild_id = %(guild_id)s
order by u.state not in ('received', 'failed'), u.id desc
limit %(limit)s

-- name: given_up
select id from guild_identity.addon_uploads
where guild_id = %(guild_id)s and state = 'failed' and characters is not null
order by id

-- name: newer_than
-- The newest upload that was taken in and whose export is newer than one.
select max(newer.id)
from guild_identity.addon_uploads newer
join guild_identity.addon_uploads u on u.guild_id = newer.guild_id and newer.as_of > u.as_of
where u.id = %(upload_id)s and newer.state = 'done'
