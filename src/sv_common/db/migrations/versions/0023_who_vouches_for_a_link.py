"""Links say what they rest on, officers say who is not whom on Discord, and former names are remembered.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the default, widen the rejections, and add the former names with the triggers that keep them."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget former names and what officers have said of Discord members."""
    op.execute("drop trigger former_names_of_member on guild_identity.discord_users")
    op.execute("drop trigger former_name_of_character on guild_identity.wow_characters")
    op.execute("drop function guild_identity.keep_former_names_of_member()")
    op.execute("drop function guild_identity.keep_former_name_of_character()")
    op.execute("drop table guild_identity.former_names")
    op.execute("delete from guild_identity.link_rejections where character_id is null")
    op.execute(
        "alter table guild_identity.link_rejections "
        "drop column discord_user_id, drop column is_unlinking, alter column character_id set not null"
    )
    op.execute("alter table guild_identity.player_characters alter column basis set default 'note'")
