-- name: unresolved_issues
-- A rank's number is negative, so that it is no player's.
select issue_type, coalesce(wow_character_id, discord_member_id, player_id, -(details ->> 'rank_id')::bigint)
from guild_identity.audit_issues
where guild_id = %(guild_id)s and resolved_at is null

-- name: never_two_players_for_one_character
select character_id from guild_identity.player_characters group by character_id having count(*) > 1

-- name: never_two_players_for_one_member
select guild_id, discord_user_id from guild_identity.players
where discord_user_id is not null group by guild_id, discord_user_id having count(*) > 1

-- name: never_a_player_made_by_automation
select id, created_by from guild_identity.players where created_by !~ '^(officer|member) '

-- name: never_an_undone_plan_repeated_by_automation
select a.id, u.id from guild_identity.fix_attempts a
join guild_identity.fix_attempts u on u.guild_id = a.guild_id and u.plan_key = a.plan_key
where a.is_automatic and a.started_at > u.undone_at

-- name: never_a_profile_older_than_30_days
select c.guild_id, c.id, p.fetched_at
from guild_identity.wow_characters c
left join guild_identity.character_profiles p on p.character_id = c.id
where (c.item_level is not null or c.last_login_timestamp is not null)
  and coalesce(p.fetched_at, c.first_seen) < now() - interval '30 days'

-- name: never_pets_that_were_read_more_than_30_days_ago
select guild_id, character_id, read_at, doubted_read_at
from guild_identity.account_evidence
where least(read_at, doubted_read_at) < now() - interval '30 days'

-- name: never_account_evidence_of_a_guild_that_has_it_off
select e.guild_id, e.character_id
from guild_identity.account_evidence e
left join guild_identity.account_settings s on s.guild_id = e.guild_id
where coalesce(s.mode, 'off') = 'off'

-- name: never_a_last_login_in_the_log_that_is_forgotten
-- The log of issues knows no last login of a character whose profile was erased.
select i.guild_id, i.id
from guild_identity.audit_issues i
join guild_identity.wow_characters c on c.id = i.wow_character_id
where i.details ? 'last_login_timestamp' and c.last_login_timestamp is null

-- name: never_two_open_issues_for_one_subject
select guild_id, issue_type, coalesce(wow_character_id, discord_member_id, player_id)
from guild_identity.audit_issues where resolved_at is null
group by 1, 2, 3 having count(*) > 1

-- name: never_an_upload_given_up
select guild_id, id, state, sentence from guild_identity.addon_uploads where state = 'failed'

-- name: never_two_runs_of_one_guild_at_once
select guild_id from guild_identity.sync_log where status = 'running' group by guild_id having count(*) > 1

-- name: ended_uploads
select guild_id, id, state from guild_identity.addon_uploads where state <> 'received'

-- name: realms
select distinct guild_id, realm_slug from guild_identity.wow_characters

-- name: members_in_two_guilds
-- The bots are in every server; nobody else is.
select discord_id from guild_identity.discord_users where not is_bot group by discord_id having count(distinct guild_id) > 1

-- name: begun_runs
-- Whoever began them: an officer's run serves its slot as well, and the planner asks for no second one.
select guild_id, pipeline, started_at
from guild_identity.sync_log
where started_at > %(since)s
order by started_at, id

-- name: marked_as_gone
-- How many characters and members were marked as gone, by guild and pipeline.
select r.guild_id, r.pipeline, sum((step -> 'counts' ->> 'left')::integer)
from guild_identity.sync_log r, jsonb_array_elements(r.steps) step
where r.pipeline in ('battlenet_sync', 'discord_sync') and step ->> 'name' = 'sync' and step -> 'counts' ? 'left'
group by r.guild_id, r.pipeline
