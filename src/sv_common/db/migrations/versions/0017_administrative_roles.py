"""Which Discord roles have power over the server, so that no fix gives or takes them by itself.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take every role for one with power until a sync tells otherwise."""
    op.execute("alter table guild_identity.discord_roles add column is_administrative boolean not null default true")


def downgrade() -> None:
    """Forget it."""
    op.execute("alter table guild_identity.discord_roles drop column is_administrative")
