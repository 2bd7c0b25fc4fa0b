"""Numbers by which sessions are listed and ended, and API tokens that open the metrics alone.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; the tokens that there are stay tokens of the API."""
    op.execute("alter table common.web_sessions add column id integer generated always as identity unique")
    op.execute(
        "alter table common.api_tokens add column scope text not null default 'api' check (scope in ('api', 'metrics'))"
    )


def downgrade() -> None:
    """Forget both. A token of the metrics would open the whole API, so it is dropped."""
    op.execute("delete from common.api_tokens where scope = 'metrics'")
    op.execute("alter table common.api_tokens drop column scope")
    op.execute("alter table common.web_sessions drop column id")
