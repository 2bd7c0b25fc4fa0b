"""Where each alias comes from, and the view of those that count.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and the view of the aliases that count."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget where aliases come from."""
    op.execute("drop view guild_identity.aliases_in_use")
    op.execute("alter table guild_identity.player_note_aliases drop column source")
