"""A later version of the product: the same program with migrations that a test makes up."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sv_common.db import migrate

_MIGRATION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = {revision!r}, {before!r}, None, None
def upgrade():
    {upgrade}
"""


@contextlib.contextmanager
def later_version(folder: Path, *statements: str, python: str | None = None) -> Iterator[Path]:
    """Have one more migration for each SQL statement, numbered from 9001 on, and a last one in Python; yield their folder."""
    migrations = folder / "migrations"
    shutil.copytree(migrate.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    bodies = [*(f"op.execute({statement!r})" for statement in statements), *([python] if python else [])]
    before = migrate.newest_revision()
    for number, body in enumerate(bodies, 9001):
        text = _MIGRATION.format(revision=str(number), before=before, upgrade=body)
        (migrations / "versions" / f"{number}_made_up.py").write_text(text, encoding="utf-8")
        before = str(number)
    with having(migrations):
        yield migrations


@contextlib.contextmanager
def having(migrations: Path) -> Iterator[None]:
    """Run with the migrations of a folder."""
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(migrate, "MIGRATIONS", migrations)
            migrate.revisions.cache_clear()
            yield
    finally:
        migrate.revisions.cache_clear()
