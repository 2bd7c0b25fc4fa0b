-- name: moves
-- The newest moves of one issue, oldest first. A look that followed on somebody's decision, fix or undo was made in the
-- same transaction, so at the same moment; where one such thing was done then, it is the cause.
with newest as (
    select id, guild_id, issue_id, event, actor, reason, at
    from guild_identity.issue_events
    where issue_id = %(issue_id)s and id > %(after)s
    order by id desc
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
        where a.guild_id = n.guild_id and a.started_at = n.at and a.outcome = 'fixed'
        union all
        select a.undone_by, a.reason, true
        from guild_identity.fix_attempts a
        where a.guild_id = n.guild_id and a.undone_at = n.at
    ) each
    having count(*) = 1
) done on n.actor = 'detection'
order by n.id
