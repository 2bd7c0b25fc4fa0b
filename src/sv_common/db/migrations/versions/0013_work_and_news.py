"""Work that officers ask for, and notices of what has changed, for whoever listens.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of requests, and the triggers that tell of changes."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop both, with what was asked for and not yet done; the triggers go with their functions."""
    op.execute("drop table guild_identity.work_requests")
    for name in ("tell_of_rows", "tell_of_jobs"):
        op.execute(f"drop function guild_identity.{name} cascade")
