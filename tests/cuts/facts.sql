-- name: facts
-- What a guild's data say, without numbers and moments that are others after a second try.
select format('character %%s: %%s, rank %%s, %%s', character_name, coalesce(guild_note, '(no note)'), rank_index,
              case when removed_at is null then 'here' else 'gone' end)
from guild_identity.wow_characters where guild_id = %(guild)s
union all
select format('member %%s: %%s, %%s', display_name, all_guild_roles, is_present)
from guild_identity.discord_users where guild_id = %(guild)s
union all
select format('%%s is of %%s', c.character_name, p.display_name)
from guild_identity.player_characters l
join guild_identity.wow_characters c on c.id = l.character_id
join guild_identity.players p on p.id = l.player_id
where l.guild_id = %(guild)s
union all
select format('issue %%s: %%s, %%s', issue_type, summary, case when resolved_at is null then 'open' else 'resolved' end)
from guild_identity.audit_issues where guild_id = %(guild)s and resolved_at is null
union all
select format('upload %%s', state) from guild_identity.addon_uploads where guild_id = %(guild)s
union all
select format('full match %%s', state) from guild_identity.match_requests where guild_id = %(guild)s
union all
select format('%%s %%s', kind, state) from guild_identity.work_requests where guild_id = %(guild)s
union all
select format('%%s of events: %%s', kind, case when is_pending then 'to be told' else 'told' end)
from guild_identity.announcements where guild_id = %(guild)s
union all
select format('job %%s of %%s', task_name, lock) from jobs.procrastinate_jobs

-- name: ended
-- Which work the database calls done.
select 'run ' || pipeline from guild_identity.sync_log r
where guild_id = %(guild)s and status in ('done', 'partial')
union all
select format('upload %%s', id) from guild_identity.addon_uploads where guild_id = %(guild)s and state = 'done'
union all
select format('full match %%s', id) from guild_identity.match_requests where guild_id = %(guild)s and state = 'done'
union all
select format('work %%s', kind) from guild_identity.work_requests where guild_id = %(guild)s and state = 'done'

-- name: let_time_pass
with uploads as (
    update guild_identity.addon_uploads set failed_at = failed_at - interval '1 hour' where failed_at is not null
), requests as (
    update guild_identity.work_requests set failed_at = failed_at - interval '1 hour' where failed_at is not null
)
-- Whoever had claimed an announcement has lost its connection: the claim runs out.
update guild_identity.announcements
set next_try_at = now(), claimed_until = claimed_until - interval '1 hour'
where is_pending
