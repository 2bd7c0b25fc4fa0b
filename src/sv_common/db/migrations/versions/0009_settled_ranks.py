"""Under which rank each character was when the rank table last fitted the ranks of the game.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the view that says where ranks have moved."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget both."""
    op.execute("drop view guild_identity.moved_ranks")
    op.execute("alter table guild_identity.wow_characters drop column settled_rank_index")
