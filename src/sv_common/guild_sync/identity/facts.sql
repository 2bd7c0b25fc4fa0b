-- name: characters
-- Every character still in the guild, and those that left but are still linked, or marked as shared: notes go on naming a
-- main that is gone.
select c.id, c.character_name, c.name_key, c.realm_slug, c.realm_key, c.realm_name, c.guild_note,
       l.player_id, l.link_source, c.removed_at is null, c.rank_index, c.settled_rank_index, l.basis, l.basis_note,
       l.confirmed_by, (c.first_seen at time zone 'UTC')::date
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
where c.guild_id = %(guild_id)s and (
    c.removed_at is null or l.player_id is not null
    or exists (select from guild_identity.shared_characters s where s.guild_id = %(guild_id)s and s.character_id = c.id))
  and (%(numbers)s::bigint[] is null or c.id = any (%(numbers)s::bigint[]))
order by c.id

-- name: characters_versions
-- A version of each of them, of its own row and of its link's.
select pg_postmaster_start_time(),
       string_agg(int8send(c.id) || tidsend(c.ctid) || xidsend(c.xmin)
                  || coalesce(tidsend(l.ctid) || xidsend(l.xmin), '\x00000000000000000000'), '' order by c.id)
from guild_identity.wow_characters c
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
where c.guild_id = %(guild_id)s and (
    c.removed_at is null or l.player_id is not null
    or exists (select from guild_identity.shared_characters s where s.guild_id = %(guild_id)s and s.character_id = c.id))

-- name: players
select id, display_name, discord_user_id, main_character_id, offspec_character_id, discord_basis, discord_confirmed_by
from guild_identity.players
where guild_id = %(guild_id)s and (%(numbers)s::bigint[] is null or id = any (%(numbers)s::bigint[]))
order by id

-- name: players_versions
select pg_postmaster_start_time(),
       string_agg(int8send(id) || tidsend(ctid) || xidsend(xmin) || '\x00000000000000000000', '' order by id)
from guild_identity.players
where guild_id = %(guild_id)s

-- name: discord
-- People on the Discord server, and those who left it but are a player still.
select d.id, d.discord_id, d.username, d.global_name, d.display_name, d.is_present,
       (d.first_seen at time zone 'UTC')::date
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and not d.is_bot
  and (d.is_present or exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id))
  and (%(numbers)s::bigint[] is null or d.id = any (%(numbers)s::bigint[]))
order by id

-- name: discord_versions
select pg_postmaster_start_time(),
       string_agg(int8send(d.id) || tidsend(d.ctid) || xidsend(d.xmin) || '\x00000000000000000000', '' order by d.id)
from guild_identity.discord_users d
where d.guild_id = %(guild_id)s and not d.is_bot
  and (d.is_present or exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id))

-- name: words
-- What people have said: aliases that mean a player, each as it is written, "this character is not this player" (by
-- unlinking or for ever), "this player is not this Discord member", "this character is a bank or shared", "this player is
-- away until that day", and what a word is in this guild (null: no word of the vocabulary). And what the sources said: names that characters and members had before, in one row the names of characters
-- that left and have no player, and ranks that give a right here, a managed Discord role above the lowest, or the lowest one
-- where that has power here or over the server.
with managed as (
    select wow_rank_index, name, level, discord_role_id, coalesce(discord_role_name, name) as role
    from common.guild_ranks
    where guild_id = %(guild_id)s and is_role_managed and discord_role_id is not null
)
select 'alias' as kind, alias_key as word, player_id, null::bigint as number, alias as said, null::text[] as names
from guild_identity.aliases_in_use
where guild_id = %(guild_id)s
union all
select 'rejection', '', player_id, character_id, case when is_unlinking then 'unlinked' end, null
from guild_identity.link_rejections
where guild_id = %(guild_id)s and character_id is not null
union all
select 'member_rejection', '', player_id, discord_user_id, case when is_unlinking then 'unlinked' end, null
from guild_identity.link_rejections
where guild_id = %(guild_id)s and discord_user_id is not null
union all
select 'shared', '', null, character_id, marked_by, null
from guild_identity.shared_characters
where guild_id = %(guild_id)s
union all
select 'account', account::text, null, character_id, case when achievements is null then 'pets' else 'achievements' end, null
from guild_identity.account_evidence
where guild_id = %(guild_id)s and account is not null
union all
select 'shared_account', '', null, character_id, marked_by, null
from guild_identity.shared_accounts
where guild_id = %(guild_id)s
union all
select 'account_mode', '', null, null, mode, null
from guild_identity.account_settings
where guild_id = %(guild_id)s and mode <> 'off'
union all
select 'hiatus', coalesce(until::text, ''), player_id, null, reason, array[set_by]
from guild_identity.hiatuses
where guild_id = %(guild_id)s
union all
select 'today', (now() at time zone 'UTC')::date::text, null, null, null, null
union all
select 'category', word, null, null, category, null
from guild_identity.guild_words
where guild_id = %(guild_id)s
union all
select case when character_id is null then 'former_member' else 'former_character' end, name, null,
       coalesce(character_id, discord_user_id), null, null
from guild_identity.former_names
where guild_id = %(guild_id)s
union all
select 'departed', '', null, null, null, array_agg(c.name_key)
from guild_identity.wow_characters c
where c.guild_id = %(guild_id)s and c.removed_at is not null
  and not exists (select from guild_identity.player_characters l where l.guild_id = c.guild_id and l.character_id = c.id)
union all
select 'rank_here', r.name, null, a.key::bigint, a.role, null
from common.access_grants_in_force a
left join common.guild_ranks r on r.guild_id = a.guild_id and r.wow_rank_index::text = a.key
where a.guild_id = %(guild_id)s and a.kind = 'rank' and a.role <> 'none'
union all
select 'rank_on_discord', m.name, null, m.wow_rank_index, m.role, null
from managed m
where (m.discord_role_id <> (select l.discord_role_id from managed l order by l.level, l.wow_rank_index desc limit 1)
       or exists (select from common.access_grants_in_force a
                  where a.guild_id = %(guild_id)s and a.kind = 'discord_role' and a.key = m.discord_role_id
                    and a.role in ('officer', 'administrator'))
       or exists (select from guild_identity.discord_roles d
                  where d.guild_id = %(guild_id)s and d.role_id = m.discord_role_id and d.is_administrative))
  and not exists (select from common.access_grants_in_force a
                  where a.guild_id = %(guild_id)s and a.kind = 'rank' and a.key = m.wow_rank_index::text
                    and a.role <> 'none')
order by 1, 2, 3, 4

-- name: record_link_notes
update guild_identity.player_characters l
set basis_note = c.guild_note
from guild_identity.wow_characters c
where c.guild_id = l.guild_id and c.id = l.character_id and l.guild_id = %(guild_id)s
  and l.character_id = any (%(character_ids)s) and l.basis_note is distinct from c.guild_note
