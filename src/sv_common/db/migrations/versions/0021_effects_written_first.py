"""Changes on Discord are written down before they are made, and an undo may be partial.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the outcomes, the intent of attempts and of undos, and what a partial undo has put back."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget intents; what was not seen to be done counts as failed."""
    op.execute("drop index guild_identity.unfinished_attempts")
    op.execute(
        "alter table guild_identity.fix_attempts drop constraint fix_attempts_outcome_check, "
        "drop constraint running_has_an_intent, drop constraint undone_is_not_being_undone"
    )
    op.execute(
        "update guild_identity.fix_attempts set outcome = 'failed' where outcome not in ('fixed', 'refused', 'failed')"
    )
    op.execute(
        "alter table guild_identity.fix_attempts "
        "drop column partly_undone_by, drop column partly_undone_at, drop column undone_changes, "
        "drop column undoing_by, drop column undoing_at, drop column intended, "
        "add constraint fix_attempts_outcome_check check (outcome in ('fixed', 'refused', 'failed'))"
    )
