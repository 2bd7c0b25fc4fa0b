"""PostgreSQL keeps guilds apart: a role, a policy on each table of a guild, and keys that hold the guild.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_DOWN = Path(__file__).with_name("0024_guilds_kept_apart_down.sql")


def upgrade() -> None:
    """Change the keys, then add the role, its grants and the policies."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Undo it but for the role, which other databases of the server may use."""
    op.get_bind().exec_driver_sql(_DOWN.read_text(encoding="utf-8").replace("%", "%%"))
