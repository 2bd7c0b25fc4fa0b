"""The pages that the admin's navigation leads to, in their order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation leads to."""

    label: str
    href: str


DATA_QUALITY = Place("Data Quality", "/admin/data-quality")
FULL_MATCH = Place("Full Match", "/admin/full-match")
PLAYERS = Place("Players", "/admin/players")
ACTIVITY = Place("Activity", "/admin/activity")

NAVIGATION = (DATA_QUALITY, PLAYERS, FULL_MATCH, ACTIVITY)
