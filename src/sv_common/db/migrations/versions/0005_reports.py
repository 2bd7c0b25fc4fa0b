"""Announcements on Discord, and full matches as jobs.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of announcements and of asked-for full matches."""
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop them, with what was not yet told."""
    op.execute("drop table guild_identity.match_requests")
    op.execute("drop table guild_identity.announcements")
    op.execute("drop index guild_identity.issue_events_of_guild")
