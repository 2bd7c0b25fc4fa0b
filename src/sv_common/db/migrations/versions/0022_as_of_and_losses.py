"""As of when the roster, the members and their roles are known, losses that wait for an officer, former addresses.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Drop them."""
    op.execute("drop index guild_identity.running_runs")
    op.execute("drop table guild_identity.former_addresses")
    op.execute("drop table guild_identity.held_losses")
    op.execute("alter table guild_identity.discord_users drop column roles_as_of")
    op.execute("alter table guild_identity.guilds drop column roster_as_of, drop column members_as_of")
