"""The schema of the first release; later migrations stand on top of it.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_QUEUE = Path(__file__).parent.with_name("queue.sql")
_SCHEMA = Path(__file__).parent.with_name("schema.sql")


def upgrade() -> None:
    """Create the queue's tables and functions in the schema `jobs`, then all tables of the product."""
    run = op.get_bind().exec_driver_sql
    run("create schema jobs")
    run("set local search_path = jobs")
    run(_QUEUE.read_text(encoding="utf-8").replace("%", "%%"))
    run("set local search_path = public")
    run(_SCHEMA.read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    op.execute("drop schema jobs, guild_identity, common cascade")
