-- name: setting
select mode, gives_rights from guild_identity.account_settings where guild_id = %(guild_id)s

-- name: counted
-- The characters whose links count like confirmed ones now, each with the one of the same account by whose link it does.
select character_name, anchor_name
from guild_identity.links_counted_by_account
where guild_id = %(guild_id)s
order by lower(character_name), character_id

-- name: salt
select salt from guild_identity.account_settings where guild_id = %(guild_id)s

-- name: put
-- A guild that is on keeps its salt, because what was read could not be compared with what is read next.
insert into guild_identity.account_settings as s (guild_id, mode, gives_rights, salt, updated_by)
values (%(guild_id)s, %(mode)s, %(gives_rights)s, case when %(mode)s <> 'off' then %(salt)s::bytea end, %(actor)s)
on conflict (guild_id) do update
set mode = excluded.mode, gives_rights = excluded.gives_rights,
    salt = case when excluded.mode <> 'off' then coalesce(s.salt, excluded.salt) end,
    updated_by = excluded.updated_by, updated_at = now()

-- name: erase
delete from guild_identity.account_evidence where guild_id = %(guild_id)s
