-- name: settings
-- What a guild has set about its rules; rules without a row are as the rulebook says.
select issue_type, is_enabled, auto_mitigate, severity, parameters
from guild_identity.rule_settings
where guild_id = %(guild_id)s

-- name: save
insert into guild_identity.rule_settings (guild_id, issue_type, is_enabled, auto_mitigate, severity, parameters, updated_by)
values (%(guild_id)s, %(issue_type)s, %(is_enabled)s, %(auto_mitigate)s, %(severity)s, %(parameters)s, %(actor)s)
on conflict (guild_id, issue_type) do update
set is_enabled = excluded.is_enabled, auto_mitigate = excluded.auto_mitigate, severity = excluded.severity,
    parameters = excluded.parameters, updated_by = excluded.updated_by, updated_at = now()
