"""Uploads with their keys, and the queue of jobs.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of uploads, and procrastinate's own tables and functions in the schema `jobs`."""
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))
    op.execute("create schema jobs")
    op.execute("set local search_path = jobs")
    connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute("set local search_path = public")


def downgrade() -> None:
    """Drop the queue with its jobs, the uploads and their keys."""
    op.execute("drop schema jobs cascade")
    op.execute("drop table guild_identity.addon_uploads")
    op.execute("drop table common.upload_keys")
