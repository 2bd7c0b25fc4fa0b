-- name: moves
-- The newest moves of one issue, oldest first. A look that followed on somebody's decision, fix or undo was made in the
-- same transaction, so at the same moment; where one such thing about the issue's subject was done then, it is the cause.
with newest as (
    select e.id, e.guild_id, e.issue_id, e.event, e.actor, e.reason, e.at,
           array[jsonb_build_object('character', coalesce(i.wow_character_id, 0)),
                 jsonb_build_object('member', coalesce(i.discord_member_id, 0)),
                 jsonb_build_object('player', coalesce(i.player_id, 0))] as subjects
    from guild_identity.issue_events e
    join guild_identity.audit_issues i on i.guild_id = e.guild_id and i.id = e.issue_id
    where e.guild_id = %(guild_id)s and e.issue_id = %(issue_id)s and e.id > %(after)s
    order by e.id desc
    limit %(limit)s
)
select n.id, n.event, n.actor, n.reason, n.at, done.actor as cause_actor, done.reason as cause,
       coalesce(done.is_undo, false) as is_undo
from newest n
left join lateral (
    select min(each.actor) as actor, min(each.reason) as reason, bool_or(each.is_undo) as is_undo
    from (
        select a.actor, a.reason, false as is_undo
        from guild_identity.fix_attempts a
        where a.guild_id = n.guild_id and a.started_at = n.at and a.outcome = 'fixed' and exists (select from unnest(n.subjects) subject
                      where a.plan @> jsonb_build_array(jsonb_build_object('about', jsonb_build_array(subject))))
        union all
        select a.undone_by, a.reason, true
        from guild_identity.fix_attempts a
        where a.guild_id = n.guild_id and a.undone_at = n.at and exists (select from unnest(n.subjects) subject
                      where a.plan @> jsonb_build_array(jsonb_build_object('about', jsonb_build_array(subject))))
    ) each
    having count(*) = 1
) done on n.actor = 'detection'
order by n.id

-- name: moved_since
-- The issue of some that moved last, if any moved since an event.
select issue_id from guild_identity.issue_events
where guild_id = %(guild_id)s and issue_id = any (%(issue_ids)s) and id > %(after)s
order by id desc
limit 1
