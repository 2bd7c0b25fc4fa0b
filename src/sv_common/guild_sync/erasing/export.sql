-- name: rows
-- All rows of the person, by what they are; who in the guild decided something about them is not their data.
select section, row - array(select name from jsonb_object_keys(row) name where name = 'actor' or name ~ '_by$' or name = 'guild_id')
from (
    select 1 as place, 'player' as section, to_jsonb(t) as row, t.id as number
    from guild_identity.players t where t.guild_id = %(guild_id)s and t.id = %(player_id)s
    union all
    select 2, 'characters', to_jsonb(t), t.id
    from guild_identity.wow_characters t where t.guild_id = %(guild_id)s and t.id = any (%(character_ids)s)
    union all
    select 3, 'discord_member', to_jsonb(t), t.id
    from guild_identity.discord_users t where t.guild_id = %(guild_id)s and t.id = %(member_id)s
    union all
    select 4, 'links', to_jsonb(t), t.character_id
    from guild_identity.player_characters t where t.guild_id = %(guild_id)s and t.character_id = any (%(character_ids)s)
    union all
    select 5, 'profiles', to_jsonb(t), t.character_id
    from guild_identity.character_profiles t where t.guild_id = %(guild_id)s and t.character_id = any (%(character_ids)s)
    union all
    select 6, 'aliases', to_jsonb(t), t.id
    from guild_identity.player_note_aliases t where t.guild_id = %(guild_id)s and t.player_id = %(player_id)s
    union all
    select 7, 'former_names', to_jsonb(t), t.id
    from guild_identity.former_names t
    where t.guild_id = %(guild_id)s and (t.character_id = any (%(character_ids)s) or t.discord_user_id = %(member_id)s)
    union all
    select 8, 'hiatus', to_jsonb(t), t.id
    from guild_identity.hiatuses t where t.guild_id = %(guild_id)s and t.player_id = %(player_id)s
    union all
    select 9, 'ruled_out', to_jsonb(t), t.id
    from guild_identity.link_rejections t
    where t.guild_id = %(guild_id)s and (t.character_id = any (%(character_ids)s) or t.discord_user_id = %(member_id)s
                                         or t.player_id = %(player_id)s)
    union all
    select 10, 'issues', to_jsonb(t) - 'search_text' - 'issue_hash' - 'finding_key', t.id
    from guild_identity.audit_issues t
    where t.guild_id = %(guild_id)s and (t.wow_character_id = any (%(character_ids)s) or t.discord_member_id = %(member_id)s
                                         or t.player_id = %(player_id)s)
    union all
    select 11, 'events_of_issues', to_jsonb(e), e.id
    from guild_identity.issue_events e
    join guild_identity.audit_issues t on t.guild_id = e.guild_id and t.id = e.issue_id
    where e.guild_id = %(guild_id)s and (t.wow_character_id = any (%(character_ids)s) or t.discord_member_id = %(member_id)s
                                         or t.player_id = %(player_id)s)
) rows
order by place, number

-- name: done
-- What was done about the person, newest last: when, how it ended, and each step of it that names a row of theirs.
select a.started_at, a.outcome, a.reason, a.plan
from guild_identity.fix_attempts a
where a.guild_id = %(guild_id)s
  and exists (
    select from jsonb_array_elements(a.plan || a.intended || a.changes || a.undone_changes) as step,
         lateral (values (step -> 'before'), (step -> 'after')) as side (columns)
    where step ->> 'table' in ('link', 'shared') and (step ->> 'id')::bigint = any (%(character_ids)s)
       or step ->> 'table' = 'player' and (step ->> 'id')::bigint = %(player_id)s::bigint
       or step ->> 'table' = 'role' and (step ->> 'id')::bigint = %(member_id)s::bigint
       or (side.columns ->> 'player_id')::bigint = %(player_id)s::bigint
       or (side.columns ->> 'character_id')::bigint = any (%(character_ids)s)
       or (side.columns ->> 'main_character_id')::bigint = any (%(character_ids)s)
       or (side.columns ->> 'offspec_character_id')::bigint = any (%(character_ids)s)
       or (side.columns ->> 'discord_user_id')::bigint = %(member_id)s::bigint)
order by a.id
