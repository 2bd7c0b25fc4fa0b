"""Signing in with Discord: what gives a member a role here, sessions with a guild and a last sight, scopes of tokens.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it all; the accounts that there are stay administrators of every guild, and the tokens may do what they could."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Forget it. Before, every account and every token might do everything: what was bound to less is dropped."""
    op.execute("drop view common.guild_authority_in_force")
    op.execute("drop table common.vouched_links, common.guild_authority, common.discord_sign_ins")
    op.execute("drop index guild_identity.discord_users_by_discord_id")
    op.execute("delete from common.api_tokens where scope in ('read', 'admin')")
    op.execute("alter table common.api_tokens drop constraint api_tokens_scope_check")
    op.execute("update common.api_tokens set scope = 'api' where scope = 'write'")
    op.execute("alter table common.api_tokens alter column scope set default 'api'")
    op.execute(
        "alter table common.api_tokens add constraint api_tokens_scope_check check (scope in ('api', 'metrics'))"
    )
    op.execute("alter table common.web_sessions drop column guild_id, drop column last_seen_at")
    op.execute(
        "delete from common.admin_accounts where discord_id is not null or guild_id is not null or role <> 'administrator'"
    )
    op.execute("drop index common.admin_accounts_by_name")
    op.execute("alter table common.admin_accounts add constraint admin_accounts_name_key unique (name)")
    op.execute("alter table common.admin_accounts drop column discord_id, drop column role, drop column guild_id")
