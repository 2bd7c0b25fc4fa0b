"""What issues and their dismissals rest on, and who is sending which text of an announcement.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Let dismissals hide whatever is found of their subject, and anybody send anything."""
    op.execute(
        "alter table guild_identity.announcements "
        "drop column version, drop column claim, drop column claimed_until, drop column is_in_doubt"
    )
    op.execute("drop index guild_identity.dismissals")
    op.execute("alter table guild_identity.audit_issues drop column material, drop column dismissed_material")
