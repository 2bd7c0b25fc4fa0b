-- name: store_summary
-- A summary that is stored already (its run was summarized before) stays unchanged.
insert into guild_identity.announcements (guild_id, kind, channel_id, nonce, content)
values (%(guild_id)s, 'summary', %(channel_id)s, %(nonce)s, %(content)s)
on conflict (guild_id, nonce) do nothing

-- name: claim
-- The oldest that is pending, due, and not being sent; from now on it may reach Discord. A summary is news for a day. The
-- same sender tries nothing twice. A time further ahead than the longest pause came from a wrong clock and counts as past.
update guild_identity.announcements
set claim = %(claim)s, claimed_until = clock_timestamp() + make_interval(secs => %(seconds)s), is_under_way = true
where id = (
    select id
    from guild_identity.announcements
    where guild_id = %(guild_id)s and is_pending
      and (next_try_at <= clock_timestamp() or next_try_at > clock_timestamp() + interval '9 hours')
      and (claimed_until is null or claimed_until < clock_timestamp()
           or claimed_until > clock_timestamp() + interval '9 hours')
      and (kind = 'digest' or created_at > now() - interval '1 day')
    order by id
    limit 1
    for update skip locked
)
returning id, kind, channel_id, content, message_id, first_event, last_event, version

-- name: shown
-- Discord shows what was sent. A digest that grew meanwhile stays pending and keeps its content.
update guild_identity.announcements
set is_pending = version <> %(version)s, content = case when version <> %(version)s then content end,
    is_under_way = false, message_id = %(message_id)s, shown_event = greatest(shown_event, %(last_event)s),
    failures = 0, last_error = null, sent_at = coalesce(sent_at, now()), claim = null, claimed_until = null
where guild_id = %(guild_id)s and id = %(id)s and claim = %(claim)s

-- name: in_doubt
-- Another sender sent another text meanwhile, and either may have come last.
update guild_identity.announcements
set is_in_doubt = true
where guild_id = %(guild_id)s and id = %(id)s and kind = 'digest' and closed_at is null and version <> %(version)s

-- name: failed
-- The pause doubles from two minutes to about eight hours.
update guild_identity.announcements
set failures = failures + 1, last_error = %(error)s, is_under_way = is_under_way and %(may_have_arrived)s,
    next_try_at = now() + make_interval(mins => (2 ^ least(failures, 9))::integer), claim = null, claimed_until = null
where guild_id = %(guild_id)s and id = %(id)s and claim = %(claim)s

-- name: deleted
-- Its message was deleted: the events that it showed are done, and the rest is for the next digest.
update guild_identity.announcements
set is_pending = false, is_under_way = false, content = null, last_event = coalesce(shown_event, last_event),
    closed_at = now(), claim = null, claimed_until = null
where guild_id = %(guild_id)s and id = %(id)s and claim = %(claim)s

-- name: open_digest
-- `is_over`: its day (in UTC) has passed.
select id, channel_id, nonce, first_event, last_event, message_id is not null as is_posted, is_under_way, is_in_doubt,
       (created_at at time zone 'UTC')::date < (now() at time zone 'UTC')::date as is_over
from guild_identity.announcements
where guild_id = %(guild_id)s and kind = 'digest' and closed_at is null

-- name: close
update guild_identity.announcements set closed_at = now() where guild_id = %(guild_id)s and id = %(id)s

-- name: start_digest
-- Without content there is nothing to show yet.
insert into guild_identity.announcements
    (guild_id, kind, channel_id, nonce, content, is_pending, first_event, last_event)
values (%(guild_id)s, 'digest', %(channel_id)s, %(nonce)s, %(content)s::jsonb, %(content)s::jsonb is not null,
        %(first_event)s, %(last_event)s)

-- name: extend_digest
-- A first post that is under way stays unchanged, because it is repeated.
update guild_identity.announcements
set is_pending = %(content)s::jsonb is not null, content = %(content)s::jsonb, channel_id = %(channel_id)s,
    last_event = %(last_event)s, version = version + 1, is_in_doubt = false, next_try_at = greatest(next_try_at, now())
where guild_id = %(guild_id)s and id = %(id)s and closed_at is null and (message_id is not null or not is_under_way)

-- name: unreported
-- The first and the last event after the newest digest, if a digest shows any of them; of the last seven days only, so that
-- officers are not flooded after a long outage.
select min(e.id) filter (where e.event in ('opened', 'recurred', 'reopened', 'resolved')), max(e.id)
from guild_identity.issue_events e
where e.guild_id = %(guild_id)s and e.at > now() - interval '7 days'
  and e.id > coalesce((select max(a.last_event) from guild_identity.announcements a
                       where a.guild_id = %(guild_id)s and a.kind = 'digest'), 0)
