-- name: changed
-- The state of each issue after its last change within a range of events, by rule and change: how many, and the first of
-- them, the most severe and newest first. Dismissed issues are left out.
with last_change as (
    select distinct on (e.issue_id) e.issue_id, e.id as event_id,
           case when e.event = 'opened' then 'new'
                when e.event in ('recurred', 'reopened') then 'back again'
                when e.event = 'resolved' and e.actor = %(automation)s then 'fixed automatically'
                when e.event = 'resolved' then 'resolved' end as change
    from guild_identity.issue_events e
    where e.guild_id = %(guild_id)s and e.id between %(first)s and %(last)s
      and e.event in ('opened', 'recurred', 'reopened', 'resolved', 'dismissed')
    order by e.issue_id, e.id desc
), ordered as (
    select i.issue_type, m.change, i.summary,
           row_number() over (partition by i.issue_type, m.change
                              order by array_position(array['error', 'warning', 'info'], i.severity),
                                       m.event_id desc) as place
    from last_change m
    join guild_identity.audit_issues i on i.guild_id = %(guild_id)s and i.id = m.issue_id
    where m.change is not null
)
select issue_type, change, count(*), array_agg(summary order by place) filter (where place <= %(most)s)
from ordered
group by issue_type, change

-- name: open_now
select count(*) from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null and dismissed_at is null
