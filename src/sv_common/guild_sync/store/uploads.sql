-- name: receive
-- Keep an upload; of the same export sent again, the first one stays.
with added as (
    insert into guild_identity.addon_uploads
        (guild_id, upload_key_id, content_hash, characters, character_count, exported_at)
    values (%(guild_id)s, %(key_id)s, %(content_hash)s, %(characters)s, %(character_count)s, %(exported_at)s)
    on conflict (guild_id, content_hash) do nothing
    returning id
)
select id, true from added
union all
select id, false from guild_identity.addon_uploads
where guild_id = %(guild_id)s and content_hash = %(content_hash)s and not exists (select from added)

-- name: next
-- The oldest upload that waits and may be tried by now. The try is counted before it begins, so that an upload which ends
-- the worker itself is given up one day; the pause counts from a failure, so that a killed worker costs no time.
update guild_identity.addon_uploads u
set attempts = u.attempts + 1
from (
    select n.id from guild_identity.addon_uploads n
    where n.guild_id = %(guild_id)s and n.state = 'received'
      and (n.failed_at is null or n.failed_at <= now() - make_interval(mins => (2 ^ least(n.attempts, 6))::integer))
    order by n.id
    limit 1
) as chosen, common.upload_keys k
where u.id = chosen.id and k.id = u.upload_key_id
returning u.id, k.uploader, u.characters, u.attempts

-- name: finish
update guild_identity.addon_uploads
set state = %(state)s, sentence = %(sentence)s, run_id = %(run_id)s, characters = null, finished_at = now()
where id = %(upload_id)s and state = 'received'

-- name: put_off
update guild_identity.addon_uploads set sentence = %(sentence)s, failed_at = now() where id = %(upload_id)s and state = 'received'

-- name: get
select id, guild_id, upload_key_id, character_count, exported_at, received_at, state, attempts, sentence, run_id, finished_at
from guild_identity.addon_uploads
where id = %(upload_id)s and guild_id = %(guild_id)s

-- name: guilds_that_wait
select distinct guild_id from guild_identity.addon_uploads where state = 'received' order by guild_id
