"""What officers decide: rejections that can be undone, and a guild's own words.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Number the rejections, and add the table of a guild's words."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Go back to the first schema; a guild's own words are lost."""
    op.execute("drop table guild_identity.guild_words")
    op.execute(
        "alter table guild_identity.link_rejections drop column id, "
        "drop constraint link_rejections_character_id_player_id_key, add primary key (character_id, player_id)"
    )
