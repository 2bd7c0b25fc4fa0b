-- The engine's work as a good author of SQL would write it for a quiet database: in as few statements as can be, without
-- parsing notes, checking input, explaining decisions or guarding against concurrent officers beyond one lock.
--
-- Parsed notes come as arrays, one row for each key under which a note may mean somebody, prepared before the clock
-- starts: character, key, rank of the reading, and whether the mention names somebody even if nobody is called so.

-- name: lock
select pg_advisory_xact_lock(7283, %(guild_id)s)

-- name: start_log
insert into guild_identity.sync_log (guild_id, pipeline, actor, status)
values (%(guild_id)s, 'addon_upload', 'addon', 'running')
returning id

-- name: finish_log
update guild_identity.sync_log
set status = 'done', steps = %(steps)s, finished_at = clock_timestamp()
where id = %(run_id)s

-- name: ranks
-- Rank rows that the roster needs.
insert into common.guild_ranks (guild_id, wow_rank_index, name, level)
select distinct %(guild_id)s, i, case i when 0 then 'Guild Master' else 'Rank ' || i end, 10 - i
from unnest(%(ranks)b::smallint[]) as i
on conflict (guild_id, wow_rank_index) do nothing

-- name: roster
-- Make the guild's characters those of the roster, known by their Battle.net id.
with incoming as (
    select i.*, r.id as guild_rank_id
    from unnest(%(names)b::text[], %(name_keys)b::text[], %(realm_slugs)b::text[], %(realm_keys)b::text[],
                %(realm_names)b::text[], %(realm_ids)b::bigint[], %(character_ids)b::bigint[], %(classes)b::text[],
                %(levels)b::smallint[], %(item_levels)b::smallint[], %(ranks)b::smallint[], %(last_logins)b::bigint[])
        as i (name, name_key, realm_slug, realm_key, realm_name, realm_id, character_id, class, level, item_level,
              rank_index, last_login)
    left join common.guild_ranks r on r.guild_id = %(guild_id)s and r.wow_rank_index = i.rank_index
), updated as (
    update guild_identity.wow_characters c
    set character_name = i.name, name_key = i.name_key, realm_slug = i.realm_slug, realm_key = i.realm_key,
        realm_name = coalesce(i.realm_name, c.realm_name), character_class = coalesce(i.class, c.character_class),
        level = i.level, item_level = coalesce(i.item_level, c.item_level), rank_index = i.rank_index,
        guild_rank_id = i.guild_rank_id, last_login_timestamp = coalesce(i.last_login, c.last_login_timestamp),
        blizzard_last_sync = now(), removed_at = null
    from incoming i
    where c.guild_id = %(guild_id)s and c.blizzard_realm_id = i.realm_id and c.blizzard_character_id = i.character_id
    returning c.id, i.realm_id, i.character_id
), gone as (
    update guild_identity.wow_characters c
    set removed_at = now()
    where c.guild_id = %(guild_id)s and c.removed_at is null
      and not exists (select from incoming i where i.realm_id = c.blizzard_realm_id and i.character_id = c.blizzard_character_id)
)
insert into guild_identity.wow_characters
    (guild_id, character_name, name_key, realm_slug, realm_key, realm_name, blizzard_realm_id, blizzard_character_id,
     character_class, level, item_level, rank_index, guild_rank_id, last_login_timestamp, blizzard_last_sync)
select %(guild_id)s, name, name_key, realm_slug, realm_key, realm_name, realm_id, character_id,
       class, level, item_level, rank_index, guild_rank_id, last_login, now()
from incoming i
where not exists (select from updated u where u.realm_id = i.realm_id and u.character_id = i.character_id)

-- name: roles
-- Make the known roles those of the server; names in the rank table follow.
with incoming as (
    select * from unnest(%(role_ids)b::text[], %(names)b::text[], %(positions)b::integer[], %(integrations)b::boolean[])
        as r (role_id, name, position, is_integration)
), gone as (
    delete from guild_identity.discord_roles d
    where d.guild_id = %(guild_id)s and not exists (select from incoming where incoming.role_id = d.role_id)
), renamed as (
    update common.guild_ranks r
    set discord_role_name = i.name
    from incoming i
    where r.guild_id = %(guild_id)s and r.discord_role_id = i.role_id and r.discord_role_name is distinct from i.name
)
insert into guild_identity.discord_roles (guild_id, role_id, name, position, is_integration)
select %(guild_id)s, role_id, name, position, is_integration from incoming
on conflict (guild_id, role_id) do update
set name = excluded.name, position = excluded.position, is_integration = excluded.is_integration

-- name: members
-- Make the known members those of the server.
with incoming as (
    select m.discord_id, m.username, m.global_name, m.display_name, m.is_bot, held.ids, held.highest
    from unnest(%(discord_ids)b::text[], %(usernames)b::text[], %(global_names)b::text[], %(display_names)b::text[],
                %(bots)b::boolean[], %(roles)b::jsonb[])
        as m (discord_id, username, global_name, display_name, is_bot, roles)
    cross join lateral (
        select coalesce(array_agg(role_id order by role_id), '{}') as ids,
               (array_agg(r.discord_role_name order by r.level desc) filter (where r.id is not null))[1] as highest
        from jsonb_array_elements_text(m.roles) as role_id
        left join common.guild_ranks r on r.guild_id = %(guild_id)s and r.discord_role_id = role_id
    ) held
), gone as (
    update guild_identity.discord_users u
    set is_present = false, last_sync = now()
    where u.guild_id = %(guild_id)s and u.is_present
      and not exists (select from incoming where incoming.discord_id = u.discord_id)
)
insert into guild_identity.discord_users
    (guild_id, discord_id, username, global_name, display_name, highest_guild_role, all_guild_roles, is_bot)
select %(guild_id)s, discord_id, username, global_name, display_name, highest, ids, is_bot
from incoming
on conflict (guild_id, discord_id) do update
set username = excluded.username, global_name = excluded.global_name, display_name = excluded.display_name,
    highest_guild_role = excluded.highest_guild_role, all_guild_roles = excluded.all_guild_roles,
    is_bot = excluded.is_bot, is_present = true, last_sync = now()

-- name: notes
-- Write what the addon saw.
update guild_identity.wow_characters c
set guild_note = coalesce(n.note, c.guild_note), officer_note = coalesce(n.officer_note, c.officer_note),
    note_key = case when n.note is null then c.note_key else n.note_key end, addon_last_sync = now()
from unnest(%(name_keys)b::text[], %(realm_keys)b::text[], %(notes)b::text[], %(officer_notes)b::text[],
            %(note_keys)b::text[])
    as n (name_key, realm_key, note, officer_note, note_key)
where c.guild_id = %(guild_id)s and c.name_key = n.name_key and c.realm_key = n.realm_key and c.removed_at is null

-- name: rank_names
insert into common.guild_ranks as r (guild_id, wow_rank_index, name, name_in_game, level)
select %(guild_id)s, n.i, n.name, n.name, 10 - n.i
from unnest(%(rank_indexes)b::smallint[], %(rank_names)b::text[]) as n (i, name)
on conflict (guild_id, wow_rank_index) do update
set name_in_game = excluded.name, name = case when r.discord_role_id is null then excluded.name else r.name end
where (r.name_in_game, r.name) is distinct from
      (excluded.name, case when r.discord_role_id is null then excluded.name else r.name end)

-- name: reopen
-- Open again what was dismissed until a time that has come.
with reopened as (
    update guild_identity.audit_issues
    set dismissed_at = null, dismissed_by = null, dismissed_reason = null, dismissed_until = null
    where guild_id = %(guild_id)s and dismissed_until <= now()
    returning id, issue_type, resolved_at
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason)
select %(guild_id)s, id, issue_type, 'reopened', (resolved_at is null)::integer, 'clock', 'The dismissal has ended.' from reopened

-- name: scan
-- All rules that are on unless a guild says otherwise, at once, and the audit log made to agree with what they find.
with mentions as (
    select * from unnest(%(mention_characters)b::bigint[], %(mention_keys)b::text[], %(mention_ranks)b::smallint[],
                         %(mention_alone)b::boolean[])
        as m (character_id, key, rank, stands_alone)
), present as (
    select c.id, c.character_name, c.name_key, c.character_name || '-' || coalesce(c.realm_name, c.realm_slug) as label,
           c.guild_note, c.guild_rank_id, c.last_login_timestamp, l.player_id, l.link_source, p.display_name as player,
           p.discord_user_id
    from guild_identity.wow_characters c
    left join guild_identity.player_characters l on l.character_id = c.id
    left join guild_identity.players p on p.id = l.player_id
    where c.guild_id = %(guild_id)s and c.removed_at is null
), discord_names as (
    select p.id as player_id, lower(n.name) as name
    from guild_identity.players p
    join guild_identity.discord_users d on d.id = p.discord_user_id
    cross join lateral unnest(array[d.username, d.global_name, d.display_name]) as n (name)
    where p.guild_id = %(guild_id)s and n.name is not null
), names as (
    select alias_key as key, player_id from guild_identity.player_note_aliases where guild_id = %(guild_id)s
    union
    select lower(display_name), id from guild_identity.players where guild_id = %(guild_id)s
    union
    select name_key, player_id from present where player_id is not null
    union
    select name, player_id from discord_names
    union
    select word, player_id from discord_names, regexp_split_to_table(name, '[^[:alnum:]]+') as word where length(word) >= 3
), judged as (
    select m.character_id, min(m.rank) filter (where n.player_id is not null) as best_rank
    from mentions m
    join present c on c.id = m.character_id and c.player_id is not null
    left join names n on n.key = m.key
    group by m.character_id
    having bool_and(n.player_id is distinct from c.player_id) and bool_or(n.player_id is not null or m.stands_alone)
), mismatched as (
    select j.character_id, array_agg(distinct n.player_id) filter (where n.player_id is not null) as candidates,
           min(m.key) as named
    from judged j
    join mentions m on m.character_id = j.character_id and (m.rank = j.best_rank or j.best_rank is null)
    left join names n on n.key = m.key
    group by j.character_id
), cutoff as (
    select (extract(epoch from now()) * 1000)::bigint
             - coalesce((select (parameters ->> 'stale_after_days')::integer from guild_identity.rule_settings
                         where guild_id = %(guild_id)s and issue_type = 'stale_character'), 30) * 86400000::bigint as at
), active as (
    select distinct on (player_id) player_id, character_name
    from present, cutoff
    where player_id is not null and last_login_timestamp >= cutoff.at
    order by player_id, name_key, id
), highest as (
    select distinct on (c.player_id) c.player_id, c.player, c.discord_user_id, c.character_name, r.name as rank_name,
           r.discord_role_id, r.discord_role_name, r.is_role_managed
    from present c
    join common.guild_ranks r on r.id = c.guild_rank_id
    where c.player_id is not null
    order by c.player_id, r.level desc, r.wow_rank_index, c.id
), found as (
    select 'note_mismatch' as issue_type, 'warning' as severity, c.id as wow_character_id,
           null::bigint as discord_member_id, null::bigint as player_id, 'note_mismatch:character:' || c.id as identity,
           format('''%%s'' is linked to %%s, but its note says %%s', c.character_name, c.player, m.named) as summary,
           jsonb_build_object(
               'character_id', c.id, 'character', c.label, 'note', c.guild_note, 'named', m.named,
               'player_id', c.player_id, 'player', c.player, 'link_source', c.link_source,
               'verdict', case cardinality(m.candidates) when 1 then 'confident' else 'unknown' end,
               'candidates', (select jsonb_agg(jsonb_build_object(
                                  'label', p.display_name, 'player_id', p.id,
                                  'evidence', format('“%%s” is a character of %%s.', m.named, p.display_name)))
                              from guild_identity.players p where p.id = any (m.candidates))) as details
    from mismatched m
    join present c on c.id = m.character_id
    union all
    select 'orphan_wow', 'warning', id, null, null, 'orphan_wow:character:' || id,
           format('''%%s'' has no player link', character_name),
           jsonb_build_object('character_id', id, 'character', label, 'note', guild_note)
    from present
    where player_id is null
    union all
    select 'orphan_discord', 'warning', null, d.id, null, 'orphan_discord:discord_member:' || d.id,
           format('Discord member ''%%s'' has a guild role but no player', d.display_name),
           jsonb_build_object('discord_member_id', d.id, 'member', d.display_name, 'discord_id', d.discord_id,
                              'roles', held.roles)
    from guild_identity.discord_users d
    join lateral (
        select jsonb_agg(distinct r.discord_role_name) as roles
        from common.guild_ranks r
        where r.guild_id = d.guild_id and r.discord_role_id = any (d.all_guild_roles)
    ) held on held.roles is not null
    where d.guild_id = %(guild_id)s and d.is_present and not d.is_bot
      and not exists (select from guild_identity.players p where p.guild_id = d.guild_id and p.discord_user_id = d.id)
    union all
    select 'role_mismatch', 'warning', null, null, h.player_id, 'role_mismatch:player:' || h.player_id,
           format('%%s is %%s in the game (%%s) and should have %%s on Discord, but has %%s', h.player, h.rank_name,
                  h.character_name, h.discord_role_name, coalesce(wrong.names, 'no guild role')),
           jsonb_build_object('player_id', h.player_id, 'player', h.player, 'discord_member_id', d.id,
                              'member', d.display_name, 'character', h.character_name, 'rank', h.rank_name,
                              'right_role_id', h.discord_role_id, 'right_role', h.discord_role_name,
                              'has_right_role', h.discord_role_id = any (d.all_guild_roles), 'wrong_roles', wrong.roles)
    from highest h
    join guild_identity.discord_users d on d.id = h.discord_user_id and d.is_present
    cross join lateral (
        select string_agg(r.discord_role_name, ', ' order by r.discord_role_id) as names,
               jsonb_agg(jsonb_build_object('id', r.discord_role_id, 'name', r.discord_role_name)
                         order by r.discord_role_id) as roles
        from common.guild_ranks r
        where r.guild_id = %(guild_id)s and r.is_role_managed and r.discord_role_id <> h.discord_role_id
          and r.discord_role_id = any (d.all_guild_roles)
    ) wrong
    where h.is_role_managed and (not h.discord_role_id = any (d.all_guild_roles) or wrong.roles is not null)
    union all
    select 'stale_character', 'info', c.id, null, null, 'stale_character:character:' || c.id,
           format('''%%s'' was last seen on %%s', c.character_name,
                  to_char(to_timestamp(c.last_login_timestamp / 1000), 'YYYY-MM-DD'))
               || coalesce('; ' || c.player || ' is active on ' || a.character_name, ''),
           jsonb_build_object('character_id', c.id, 'character', c.label, 'player', c.player,
                              'last_login_timestamp', c.last_login_timestamp, 'player_active_on', a.character_name)
    from present c
    cross join cutoff
    left join active a on a.player_id = c.player_id
    where c.last_login_timestamp < cutoff.at
    union all
    select 'departed_with_roles', 'warning', null, null, p.id, 'departed_with_roles:player:' || p.id,
           format('%%s has left the guild with every character, but %%s still has %%s on Discord', p.display_name,
                  d.display_name, held.names),
           jsonb_build_object('player_id', p.id, 'player', p.display_name, 'discord_member_id', d.id,
                              'member', d.display_name, 'wrong_roles', held.roles)
    from guild_identity.players p
    join guild_identity.discord_users d on d.guild_id = p.guild_id and d.id = p.discord_user_id and d.is_present
    cross join lateral (
        select string_agg(r.discord_role_name, ', ' order by r.discord_role_id) as names,
               jsonb_agg(jsonb_build_object('id', r.discord_role_id, 'name', r.discord_role_name)
                         order by r.discord_role_id) as roles
        from common.guild_ranks r
        where r.guild_id = %(guild_id)s and r.is_role_managed and r.discord_role_id = any (d.all_guild_roles)
    ) held
    where p.guild_id = %(guild_id)s and held.roles is not null
      and (p.discord_basis = 'proven' or p.discord_confirmed_by is not null)
      and not exists (select from present c where c.player_id = p.id)
      and exists (select from guild_identity.player_characters l
                  where l.guild_id = p.guild_id and l.player_id = p.id and (l.basis = 'proven' or l.confirmed_by is not null))
    union all
    select 'stale_discord_link', 'info', null, null, p.id, 'stale_discord_link:player:' || p.id,
           format('%%s is linked to %%s, who has left the Discord server', p.display_name, d.display_name),
           jsonb_build_object('player_id', p.id, 'player', p.display_name, 'discord_member_id', d.id, 'member', d.display_name)
    from guild_identity.players p
    join guild_identity.discord_users d on d.guild_id = p.guild_id and d.id = p.discord_user_id
    where p.guild_id = %(guild_id)s and not d.is_present and not d.is_bot
      and exists (select from present c where c.player_id = p.id)
    union all
    select 'link_contradicts_proof', 'warning', c.id, null, null, 'link_contradicts_proof:character:' || c.id,
           format('%%s has proven %%s, which is not theirs here', d.display_name, c.character_name),
           jsonb_build_object('character_id', c.id, 'character', c.label, 'discord_member_id', d.id, 'member', d.display_name,
                              'player_id', own.id, 'player', own.display_name, 'other_id', c.player_id, 'other', c.player)
    from guild_identity.claimed_here h
    join present c on c.id = h.character_id
    join guild_identity.discord_users d on d.guild_id = h.guild_id and d.id = h.discord_user_id
    left join guild_identity.players own on own.guild_id = h.guild_id and own.discord_user_id = d.id
    where h.guild_id = %(guild_id)s and (own.id is null or c.player_id is distinct from own.id)
    union all
    select 'account_conflict', 'info', null, null, max(c.player_id), 'account_conflict:player:' || max(c.player_id),
           format('%%s and %%s have characters on one account', min(c.player), max(c.player)),
           jsonb_build_object('kind', 'two_players', 'player_id', max(c.player_id), 'other_id', min(c.player_id),
                              'characters', jsonb_agg(c.label order by c.id))
    from guild_identity.account_evidence e
    join present c on c.id = e.character_id
    where e.guild_id = %(guild_id)s and e.account is not null
    group by e.account
    having count(distinct c.player_id) > 1
), hashed as materialized (
    select *, encode(sha256(identity::bytea), 'hex') as issue_hash from found
), known as materialized (
    select id, issue_hash, resolved_at, severity, summary, details
    from guild_identity.audit_issues
    where guild_id = %(guild_id)s
), written as (
    insert into guild_identity.audit_issues as i
        (guild_id, issue_type, severity, summary, details, issue_hash, wow_character_id, discord_member_id, player_id)
    select %(guild_id)s, h.issue_type, h.severity, h.summary, h.details, h.issue_hash,
           h.wow_character_id, h.discord_member_id, h.player_id
    from hashed h
    left join known k using (issue_hash)
    where k.id is null or k.resolved_at is not null
       or (k.severity, k.summary, k.details) is distinct from (h.severity, h.summary, h.details)
    on conflict (guild_id, issue_hash) do update
    set severity = excluded.severity, summary = excluded.summary, details = excluded.details,
        opened_at = case when i.resolved_at is null then i.opened_at else now() end,
        notified_at = case when i.resolved_at is null then i.notified_at end,
        review_reason = null, resolved_at = null, resolved_by = null
    returning i.id, i.issue_hash, i.issue_type, i.dismissed_at
), resolved as (
    update guild_identity.audit_issues i
    set resolved_at = now(), resolved_by = 'detection', review_reason = null
    where i.guild_id = %(guild_id)s and i.resolved_at is null
      and not exists (select from hashed h where h.issue_hash = i.issue_hash)
    returning i.id, i.issue_type, i.dismissed_at
)
insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason)
select %(guild_id)s, w.id, w.issue_type,
       case when k.id is null then 'opened' when k.resolved_at is null then 'refreshed' else 'recurred' end,
       (w.dismissed_at is null and (k.id is null or k.resolved_at is not null))::integer, 'detection', null
from written w
left join known k using (issue_hash)
union all
select %(guild_id)s, id, issue_type, 'resolved', -(dismissed_at is null)::integer, 'detection', 'No longer found.'
from resolved

-- name: fix
-- Give each character of an open note_mismatch to the one player whom its note names; remember rows before and after.
with wanted as (
    select i.id as issue_id, i.wow_character_id as character_id, (i.details ->> 'player_id')::bigint as old_player_id,
           i.details ->> 'character' as character, i.details ->> 'player' as old_player,
           (i.details -> 'candidates' -> 0 ->> 'player_id')::bigint as new_player_id,
           i.details -> 'candidates' -> 0 ->> 'label' as new_player,
           i.details -> 'candidates' -> 0 ->> 'evidence' as evidence
    from guild_identity.audit_issues i
    where i.guild_id = %(guild_id)s and i.issue_type = 'note_mismatch' and i.resolved_at is null
      and i.dismissed_at is null and i.details ->> 'verdict' = 'confident'
), keyed as (
    select *, encode(sha256(concat_ws(':', character_id, old_player_id, new_player_id)::bytea), 'hex') as plan_key
    from wanted
), taken as (
    delete from guild_identity.player_characters l
    using keyed k
    where l.character_id = k.character_id and l.player_id = k.old_player_id
      and l.link_source not in ('manual', 'officer_fix')
      and not exists (select from guild_identity.fix_attempts a
                      where a.guild_id = %(guild_id)s and a.undone_at is not null and a.plan_key = k.plan_key)
    returning k.*, to_jsonb(l) as before
), given as (
    insert into guild_identity.player_characters
        (character_id, player_id, guild_id, link_source, confidence, evidence, linked_by, basis, basis_note)
    select t.character_id, t.new_player_id, %(guild_id)s, 'auto_fix', 'exact', t.evidence, 'automation', 'note', c.guild_note
    from taken t
    join guild_identity.wow_characters c on c.id = t.character_id
    returning character_id, to_jsonb(player_characters) as after
), pointers as (
    select t.character_id, jsonb_build_object('table', 'player', 'id', p.id,
                                              'main', p.main_character_id, 'offspec', p.offspec_character_id) as before
    from taken t
    join guild_identity.players p
        on p.id = t.old_player_id and t.character_id in (p.main_character_id, p.offspec_character_id)
), resolved as (
    update guild_identity.audit_issues i
    set resolved_at = now(), resolved_by = 'automation', review_reason = null
    from taken t
    where i.id = t.issue_id
    returning i.id, i.issue_type, i.dismissed_at
), logged as (
    insert into guild_identity.issue_events (guild_id, issue_id, issue_type, event, open_change, actor, reason)
    select %(guild_id)s, id, issue_type, 'resolved', -(dismissed_at is null)::integer, 'automation', 'Fixed by automation.'
    from resolved
)
insert into guild_identity.fix_attempts
    (guild_id, issue_id, issue_type, actor, is_automatic, outcome, reason, plan, plan_key, changes, duration_ms)
select %(guild_id)s, t.issue_id, 'note_mismatch', 'automation', true, 'fixed',
       format('The note means %%s: %%s', t.new_player, t.evidence),
       jsonb_build_array(
           jsonb_build_object('step', 'Unlink', 'character_id', t.character_id, 'character', t.character,
                              'player_id', t.old_player_id, 'player', t.old_player,
                              'sentence', format('Unlink %%s from %%s.', t.character, t.old_player)),
           jsonb_build_object('step', 'Link', 'character_id', t.character_id, 'character', t.character,
                              'player_id', t.new_player_id, 'player', t.new_player, 'evidence', t.evidence,
                              'sentence', format('Link %%s to %%s: %%s', t.character, t.new_player, t.evidence))),
       t.plan_key,
       jsonb_build_array(
           jsonb_build_object('table', 'link', 'id', t.character_id, 'before', t.before, 'after', null),
           jsonb_build_object('table', 'link', 'id', t.character_id, 'before', null, 'after', g.after))
           || coalesce(to_jsonb(p.before), '[]'),
       0
from taken t
join given g using (character_id)
left join pointers p using (character_id)
