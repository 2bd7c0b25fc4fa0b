"""Full matches of some people only: whom the officer chose.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: keys of the people as they were previewed; null is everybody."""
    op.execute(
        "alter table guild_identity.match_requests add column chosen text[] "
        "check (cardinality(chosen) > 0 and array_position(chosen, null) is null)"
    )


def downgrade() -> None:
    """Forget who was chosen; what waits for some people only is given up, for it must not become one for everybody."""
    op.execute(
        "update guild_identity.match_requests set state = 'failed', finished_at = now(), "
        "sentence = 'Given up: this version matches everybody or nobody. Ask for it again.' "
        "where state = 'waiting' and chosen is not null"
    )
    op.execute("alter table guild_identity.match_requests drop column chosen")
