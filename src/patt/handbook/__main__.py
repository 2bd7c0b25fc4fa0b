"""Writes the documents anew, after a page of the rulebook or the API changed: `python -m patt.handbook`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from patt.app import create_app
from patt.bootstrap import Services
from patt.config import Settings
from patt.handbook.api import api_page
from patt.handbook.rules import rules_page
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources

FOLDER = Path("docs")


def _described() -> dict[str, Any]:
    """Return the API's description of itself, which needs neither settings nor a database."""
    return create_app(Services(Settings.model_construct(), cast("Pool", None), Sources())).openapi()


if __name__ == "__main__":
    (FOLDER / "rules.md").write_text(rules_page(), encoding="utf-8")
    (FOLDER / "api.md").write_text(api_page(_described()), encoding="utf-8")
