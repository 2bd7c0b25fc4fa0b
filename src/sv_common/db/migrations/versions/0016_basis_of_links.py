"""What each link of a character or a Discord member rests on, and who vouched for it.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the view of what a person vouched for."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget what links rest on."""
    op.execute("drop view guild_identity.vouched_characters")
    op.execute(
        "alter table guild_identity.players "
        "drop column discord_basis, drop column discord_vouched_by, drop column discord_vouched_at"
    )
    op.execute(
        "alter table guild_identity.player_characters "
        "drop column basis, drop column basis_note, drop column vouched_by, drop column vouched_at"
    )
