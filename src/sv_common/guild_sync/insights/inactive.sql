-- name: found
-- Open findings about stale characters, with whose each character is; of one player the last seen first.
select i.id as issue_id, c.id, c.character_name as name, coalesce(c.realm_name, c.realm_slug) as realm, c.character_class,
       r.name as rank, c.last_login_timestamp, p.id as player_id, p.display_name as player,
       coalesce((i.details ->> 'quiet')::boolean, false) as quiet, i.details ->> 'player_active_on' as active_on
from guild_identity.audit_issues i
join guild_identity.wow_characters c on c.guild_id = i.guild_id and c.id = i.wow_character_id
left join common.guild_ranks r on r.guild_id = c.guild_id and r.id = c.guild_rank_id
left join guild_identity.player_characters l on l.guild_id = c.guild_id and l.character_id = c.id
left join guild_identity.players p on p.guild_id = l.guild_id and p.id = l.player_id
where i.guild_id = %(guild_id)s and i.issue_type = 'stale_character' and i.state = 'open'
order by c.last_login_timestamp desc nulls last, c.id
