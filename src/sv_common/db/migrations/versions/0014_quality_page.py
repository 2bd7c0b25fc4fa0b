"""What the data quality page asks for: trends, searches and lists that read what is recent or open, not everything.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, worked out for what there is already, and the indexes."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Drop both; nothing is lost that could not be worked out again."""
    for index in ("uploads_by_run", "fixes_by_themselves", "recent_fix_attempts", "issues_by_state"):
        op.execute(f"drop index guild_identity.{index}")
    op.execute("alter table guild_identity.audit_issues drop column state, drop column search_text")
    op.execute("drop function guild_identity.search_key(text)")
    op.execute("alter table guild_identity.issue_events drop column issue_type, drop column open_change")
