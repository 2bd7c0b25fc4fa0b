-- name: add
insert into guild_identity.setting_changes (guild_id, kind, subject, before, after, sentence, undoes, actor)
values (%(guild_id)s, %(kind)s, %(subject)s, %(before)s, %(after)s, %(sentence)s, %(undoes)s, %(actor)s)
returning id

-- name: get
select c.id, c.guild_id, c.kind, c.subject, c.before, c.after, c.sentence, c.undoes, c.actor, c.at,
       u.actor as undone_by, u.at as undone_at, u.id is null and c.kind in ('rule', 'ranks', 'word', 'language', 'retention')
           and c.at >= guild_identity.undoable_since(c.guild_id) as is_undoable,
       c.at < guild_identity.undoable_since(c.guild_id) as is_too_late
from guild_identity.setting_changes c
left join lateral (
    select id, actor, at from guild_identity.setting_changes u
    where u.guild_id = c.guild_id and u.undoes = c.id order by id desc limit 1
) u on true
where c.id = %(change_id)s and (%(guild_id)s::integer is null or c.guild_id = %(guild_id)s)

-- name: newest
-- A change that was taken back is told with who did it.
select c.id, c.guild_id, c.kind, c.subject, c.before, c.after, c.sentence, c.undoes, c.actor, c.at,
       u.actor as undone_by, u.at as undone_at, u.id is null and c.kind in ('rule', 'ranks', 'word', 'language', 'retention')
           and c.at >= guild_identity.undoable_since(c.guild_id) as is_undoable,
       c.at < guild_identity.undoable_since(c.guild_id) as is_too_late
from guild_identity.setting_changes c
left join lateral (
    select id, actor, at from guild_identity.setting_changes u
    where u.guild_id = c.guild_id and u.undoes = c.id order by id desc limit 1
) u on true
where (c.guild_id = %(guild_id)s or (c.guild_id is null and %(with_installation)s))
  and (%(with_secrets)s or c.kind in ('rule', 'ranks', 'word', 'language', 'retention'))
order by c.id desc
limit %(limit)s offset %(offset)s

-- name: count
select count(*)
from guild_identity.setting_changes
where (guild_id = %(guild_id)s or (guild_id is null and %(with_installation)s))
  and (%(with_secrets)s or kind in ('rule', 'ranks', 'word', 'language', 'retention'))
