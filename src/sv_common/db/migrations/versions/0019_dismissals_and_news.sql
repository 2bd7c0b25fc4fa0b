-- The material part of what was found last, by name: {"note": {"value": …, "at": …, "now": …, "place": …}}; and the same
-- as it was when somebody dismissed the issue. A dismissal hides a finding as long as each value of its own is the same.
alter table guild_identity.audit_issues
    add column material jsonb not null default '{}' check (jsonb_typeof(material) = 'object'),
    add column dismissed_material jsonb check (jsonb_typeof(dismissed_material) = 'object');

create index dismissals on guild_identity.audit_issues (guild_id, dismissed_at desc, id desc)
    where dismissed_at is not null;

-- Who is sending an announcement, and what. `version` counts its texts. A deliverer claims the row for a while, and what it
-- notes afterwards counts for the version that it sent; where its claim had passed to somebody else meanwhile, an older
-- text may stand on Discord: the row is in doubt, and its message is written anew.
alter table guild_identity.announcements
    add column version integer not null default 1,
    add column claim uuid,
    add column claimed_until timestamptz,
    add column is_in_doubt boolean not null default false,
    add constraint claim_has_an_end check ((claim is null) = (claimed_until is null));
