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
    -- Of the hashes, how many achievements they are of: the numbers themselves say nothing.
    select 5, 'account_evidence',
           to_jsonb(t) - array['oldest', 'by_hash', 'doubted_oldest', 'doubted_by_hash', 'account']
           || jsonb_build_object('achievements', octet_length(t.achievements) / 16,
                                 'doubted_achievements', octet_length(t.doubted_achievements) / 16),
           t.character_id
    from guild_identity.account_evidence t where t.guild_id = %(guild_id)s and t.character_id = any (%(character_ids)s)
    union all
    select 5, 'account_objections', to_jsonb(t) - array['key', 'part_of'], t.character_id
    from guild_identity.account_objections t where t.guild_id = %(guild_id)s and t.character_id = any (%(character_ids)s)
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
    where t.guild_id = %(guild_id)s and t.issue_type <> 'account_conflict'
      and (t.wow_character_id = any (%(character_ids)s) or t.discord_member_id = %(member_id)s
                                         or t.player_id = %(player_id)s)
    union all
    select 11, 'events_of_issues', to_jsonb(e), e.id
    from guild_identity.issue_events e
    join guild_identity.audit_issues t on t.guild_id = e.guild_id and t.id = e.issue_id
    where e.guild_id = %(guild_id)s and t.issue_type <> 'account_conflict'
      and (t.wow_character_id = any (%(character_ids)s) or t.discord_member_id = %(member_id)s
                                         or t.player_id = %(player_id)s)
    union all
    select 12, 'battle_net_sign_ins', to_jsonb(t) - 'account_hash', t.id
    from guild_identity.claims t where t.guild_id = %(guild_id)s and t.discord_user_id = %(member_id)s
    union all
    select 13, 'claimed_characters', to_jsonb(k), k.blizzard_character_id
    from guild_identity.claims t
    join guild_identity.claimed_characters k on k.guild_id = t.guild_id and k.claim_id = t.id
    where t.guild_id = %(guild_id)s and t.discord_user_id = %(member_id)s
) rows
order by place, number

-- name: done
-- What was done about the person, newest last: when, how it ended, and each step of it that is about one of their rows.
with who as (
    select %(player_id)s::bigint as player, %(character_ids)s::bigint[] as characters, %(member_id)s::bigint as member
)
select a.started_at, a.outcome, a.reason,
       array(select a.plan -> (place - 1)::integer ->> 'sentence' from unnest(n.plan) place order by place)
from who
join guild_identity.fix_attempts a on a.guild_id = %(guild_id)s
cross join lateral (
    select guild_identity.steps_naming(a.plan, player, characters, member, '{}'),
           guild_identity.steps_naming(a.intended || a.changes || a.undone_changes, player, characters, member, '{}')
) n (plan, journals)
where n.plan || n.journals <> '{}' and not a.is_of_accounts
order by a.id
