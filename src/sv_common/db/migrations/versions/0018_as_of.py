"""When each fact of the addon's exports was seen, and uploads that are taken in by that time.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_DOWN = """
alter table guild_identity.sync_log drop column as_of, drop constraint sync_log_status_check;
update guild_identity.sync_log set status = 'done' where status = 'superseded';
alter table guild_identity.sync_log
    add constraint sync_log_status_check check (status in ('running', 'done', 'partial', 'failed'));

drop index guild_identity.uploads_of_guild, guild_identity.waiting_uploads, guild_identity.one_waiting_upload_of_a_content;
delete from guild_identity.addon_uploads u
where exists (select from guild_identity.addon_uploads newer
              where newer.guild_id = u.guild_id and newer.content_hash = u.content_hash and newer.id > u.id);
alter table guild_identity.addon_uploads
    drop constraint addon_uploads_state_check,
    drop constraint kept_until_taken_in,
    drop constraint erased_when_taken_in,
    drop column as_of, drop column guild_name, drop column realm, drop column region;
update guild_identity.addon_uploads
set state = case state when 'superseded' then 'done' else state end,
    characters = case state when 'received' then characters end;
alter table guild_identity.addon_uploads
    add unique (guild_id, content_hash),
    add constraint addon_uploads_state_check check (state in ('received', 'done', 'refused', 'failed')),
    add constraint addon_uploads_check check ((state = 'received') = (characters is not null));
create index waiting_uploads on guild_identity.addon_uploads (guild_id, id) where state = 'received';

alter table common.guild_ranks drop column name_as_of;
alter table guild_identity.wow_characters
    drop column guild_note_as_of, drop column officer_note_as_of, drop column settled_rank_as_of;
"""


def upgrade() -> None:
    """Add the times, where an export is from, and the state of uploads that are older than what is known."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget the times; of uploads with the same content the newest stays."""
    op.get_bind().exec_driver_sql(_DOWN)
