-- name: moved
-- How each issue stands after its last move within a range of events, by rule and move: how many, and the first of them,
-- the gravest and newest first. What an officer set aside is not told.
with last_move as (
    select distinct on (e.issue_id) e.issue_id, e.id as event_id,
           case when e.event = 'opened' then 'new'
                when e.event in ('recurred', 'reopened') then 'back again'
                when e.event = 'resolved' and e.actor = %(automation)s then 'fixed by itself'
                when e.event = 'resolved' then 'resolved' end as move
    from guild_identity.issue_events e
    where e.guild_id = %(guild_id)s and e.id between %(first)s and %(last)s
      and e.event in ('opened', 'recurred', 'reopened', 'resolved', 'dismissed')
    order by e.issue_id, e.id desc
), placed as (
    select i.issue_type, m.move, i.summary,
           row_number() over (partition by i.issue_type, m.move
                              order by array_position(array['error', 'warning', 'info'], i.severity),
                                       m.event_id desc) as place
    from last_move m
    join guild_identity.audit_issues i on i.id = m.issue_id
    where m.move is not null
)
select issue_type, move, count(*), array_agg(summary order by place) filter (where place <= %(most)s)
from placed
group by issue_type, move

-- name: open_now
select count(*) from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
