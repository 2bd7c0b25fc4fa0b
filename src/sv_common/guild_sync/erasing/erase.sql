-- name: who
-- The person that somebody is: the player, their characters and their Discord member, as far as there are any.
with player as (
    select p.id, p.display_name, p.discord_user_id
    from guild_identity.players p
    where p.guild_id = %(guild_id)s
      and (%(kind)s = 'player' and p.id = %(id)s
           or %(kind)s = 'member' and p.discord_user_id = %(id)s
           or %(kind)s = 'character'
              and p.id = (select l.player_id from guild_identity.player_characters l
                          where l.guild_id = %(guild_id)s and l.character_id = %(id)s))
)
select (select id from player) as player_id,
       (select display_name from player) as player,
       (select d.id from guild_identity.discord_users d
        where d.guild_id = %(guild_id)s
          and d.id = coalesce((select discord_user_id from player), case when %(kind)s = 'member' then %(id)s end)) as member_id,
       array(select l.character_id from guild_identity.player_characters l
             where l.guild_id = %(guild_id)s and l.player_id = (select id from player)
             union
             select c.id from guild_identity.wow_characters c
             where c.guild_id = %(guild_id)s and c.id = %(id)s and %(kind)s = 'character'
             order by 1) as character_ids

-- name: characters
select c.id, c.character_name as name, c.name_key, c.realm_slug, c.realm_key, c.realm_name, c.guild_note, c.officer_note,
       c.removed_at is null as is_present
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.id = any (%(character_ids)s)
order by c.name_key, c.id

-- name: member
select d.id, d.discord_id, d.username, d.global_name, d.display_name, d.is_present
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and d.id = %(member_id)s

-- name: other_names
-- What the person is called elsewhere: aliases, and former names.
select alias from guild_identity.player_note_aliases where guild_id = %(guild_id)s and player_id = %(player_id)s
union
select alias_key from guild_identity.player_note_aliases where guild_id = %(guild_id)s and player_id = %(player_id)s
union
select name from guild_identity.former_names
where guild_id = %(guild_id)s and (character_id = any (%(character_ids)s) or discord_user_id = %(member_id)s)

-- name: names_of_others
-- What somebody or something else in the guild is called; and the notes of other characters, apart.
select name, false as is_note
from (
    select character_name as name from guild_identity.wow_characters
    where guild_id = %(guild_id)s and not id = any (%(character_ids)s)
    union
    select unnest(array[username, global_name, display_name]) from guild_identity.discord_users
    where guild_id = %(guild_id)s and id is distinct from %(member_id)s
    union
    select display_name from guild_identity.players where guild_id = %(guild_id)s and id is distinct from %(player_id)s
    union
    select alias from guild_identity.player_note_aliases
    where guild_id = %(guild_id)s and player_id is distinct from %(player_id)s
    union
    select name from guild_identity.former_names
    where guild_id = %(guild_id)s and coalesce(character_id <> all (%(character_ids)s), true)
      and discord_user_id is distinct from %(member_id)s
    union
    select unnest(array[name, name_in_game, discord_role_name]) from common.guild_ranks where guild_id = %(guild_id)s
    union
    select name from guild_identity.discord_roles where guild_id = %(guild_id)s
    union
    select word from guild_identity.guild_words where guild_id = %(guild_id)s
    union
    select coalesce(realm_name, realm_slug) from guild_identity.wow_characters where guild_id = %(guild_id)s
    union
    select name from guild_identity.guilds where id = %(guild_id)s
) others
where name is not null
union all
select unnest(array[guild_note, officer_note]), true from guild_identity.wow_characters
where guild_id = %(guild_id)s and not id = any (%(character_ids)s)

-- name: issues
-- The issues about the person, open or not. What happened to them goes along.
delete from guild_identity.audit_issues
where guild_id = %(guild_id)s
  and (wow_character_id = any (%(character_ids)s) or discord_member_id = %(member_id)s or player_id = %(player_id)s)
returning id

-- name: attempts
-- Attempts that name a row of the person, each list of steps with the places of those that do.
with who as (
    select %(player_id)s::bigint as player, %(character_ids)s::bigint[] as characters, %(member_id)s::bigint as member,
           %(issue_ids)s::bigint[] as issues
)
select a.id, a.outcome = 'running' or a.undoing_at is not null as is_under_way,
       a.plan, n.plan, a.intended, n.intended, a.changes, n.changes, a.undone_changes, n.undone
from who
join guild_identity.fix_attempts a on a.guild_id = %(guild_id)s
cross join lateral (
    select guild_identity.steps_naming(a.plan, player, characters, member, issues),
           guild_identity.steps_naming(a.intended, player, characters, member, issues),
           guild_identity.steps_naming(a.changes, player, characters, member, issues),
           guild_identity.steps_naming(a.undone_changes, player, characters, member, issues)
) n (plan, intended, changes, undone)
where n.plan || n.intended || n.changes || n.undone <> '{}'
order by a.id
for update of a

-- name: shorten_attempts
-- What is left of the journals; an attempt of which nothing is left cannot be undone.
update guild_identity.fix_attempts a
set plan = n.plan, changes = n.changes, undone_changes = n.undone,
    intended = n.intended,
    partly_undone_at = case when n.undone <> '[]' then a.partly_undone_at end,
    partly_undone_by = case when n.undone <> '[]' then a.partly_undone_by end
from unnest(%(ids)b::bigint[], %(plans)b::jsonb[], %(intended)b::jsonb[], %(changes)b::jsonb[], %(undone)b::jsonb[])
    as n (id, plan, intended, changes, undone)
where a.guild_id = %(guild_id)s and a.id = n.id

-- name: counts
-- What goes with the person's rows.
select (select count(*) from guild_identity.player_note_aliases
        where guild_id = %(guild_id)s and player_id = %(player_id)s) as aliases,
       (select count(*) from guild_identity.former_names
        where guild_id = %(guild_id)s
          and (character_id = any (%(character_ids)s) or discord_user_id = %(member_id)s)) as former_names,
       (select count(*) from guild_identity.link_rejections
        where guild_id = %(guild_id)s and (character_id = any (%(character_ids)s) or discord_user_id = %(member_id)s
                                          or player_id = %(player_id)s)) as rejections

-- name: delete_player
delete from guild_identity.players where guild_id = %(guild_id)s and id = %(player_id)s

-- name: delete_characters
delete from guild_identity.wow_characters where guild_id = %(guild_id)s and id = any (%(character_ids)s)

-- name: delete_member
delete from guild_identity.discord_users where guild_id = %(guild_id)s and id = %(member_id)s

-- name: shorten_losses
-- Lists that were refused name fewer people; a list that names nobody more is no longer refused.
with shorter as (
    select h.source, array(select each from unnest(h.subject_ids) each where not each = any (h.erased) order by each) as left_ids
    from (select l.*, case l.source when 'battlenet' then %(character_ids)s::bigint[]
                                    else array_remove(array[%(member_id)s::bigint], null) end as erased
          from guild_identity.held_losses l
          where l.guild_id = %(guild_id)s) h
    where h.subject_ids && h.erased
), emptied as (
    delete from guild_identity.held_losses l
    using shorter s
    where l.guild_id = %(guild_id)s and l.source = s.source and s.left_ids = '{}'
)
update guild_identity.held_losses l
set subject_ids = s.left_ids
from shorter s
where l.guild_id = %(guild_id)s and l.source = s.source and s.left_ids <> '{}'

-- name: notes_of_others
select c.id, c.guild_note, c.officer_note
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and (c.guild_note <> '' or c.officer_note <> '')

-- name: forget_notes
-- Notes of others that name the person: not known until the next export tells what they say by then.
update guild_identity.wow_characters
set guild_note = null, guild_note_as_of = null, note_key = null
where guild_id = %(guild_id)s and id = any (%(ids)s)

-- name: forget_officer_notes
update guild_identity.wow_characters
set officer_note = null, officer_note_as_of = null
where guild_id = %(guild_id)s and id = any (%(ids)s)

-- name: shorten_exports
-- The last export counts no longer for what was forgotten.
update guild_identity.last_exports e
set notes = e.notes - n.notes - n.gone, officer_notes = e.officer_notes - n.officer_notes - n.gone, ranks = e.ranks - n.gone
from (select coalesce((select range_agg(int8range(i, i + 1)) from unnest(%(notes)s::bigint[]) i), '{}') as notes,
             coalesce((select range_agg(int8range(i, i + 1)) from unnest(%(officer_notes)s::bigint[]) i), '{}') as officer_notes,
             coalesce((select range_agg(int8range(i, i + 1)) from unnest(%(character_ids)s::bigint[]) i), '{}') as gone) n
where e.guild_id = %(guild_id)s

-- name: linked_under
select character_id, basis_note from guild_identity.player_characters
where guild_id = %(guild_id)s and basis_note <> ''

-- name: forget_linked_under
update guild_identity.player_characters set basis_note = null
where guild_id = %(guild_id)s and character_id = any (%(ids)s)

-- name: uploads
select id, characters from guild_identity.addon_uploads
where guild_id = %(guild_id)s and characters is not null
for update

-- name: shorten_uploads
update guild_identity.addon_uploads u
set characters = n.characters
from unnest(%(ids)b::bigint[], %(characters)b::jsonb[]) as n (id, characters)
where u.guild_id = %(guild_id)s and u.id = n.id

-- name: renew_findings
-- What was rewritten is written anew by the next look.
update guild_identity.audit_issues set finding_key = null where guild_id = %(guild_id)s and resolved_at is null

-- name: record
insert into guild_identity.erasures (guild_id, actor, counts) values (%(guild_id)s, %(actor)s, %(counts)s) returning id

-- name: delete_accounts
-- The account of somebody who is in no other guild of the installation. Their sessions end, and those for claiming everywhere.
with claiming as (
    delete from common.claim_sessions where discord_id = %(discord_id)s
)
delete from common.admin_accounts a
where a.discord_id = %(discord_id)s
  and not exists (select from guild_identity.discord_users d where d.discord_id = a.discord_id)
