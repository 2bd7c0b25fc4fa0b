"""An index with which the planner finds the last runs of each pipeline without reading the whole log of runs.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.execute("create index sync_log_by_pipeline on guild_identity.sync_log (guild_id, pipeline, started_at desc)")


def downgrade() -> None:
    """Drop the index."""
    op.execute("drop index guild_identity.sync_log_by_pipeline")
