"""The pages that the admin's navigation leads to, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from patt.auth.permissions import Role


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation leads to; `least` is the role from which on somebody may see it."""

    label: str
    href: str
    least: Role = "viewer"


DATA_QUALITY = Place("Data Quality", "/admin/data-quality")
FULL_MATCH = Place("Full Match", "/admin/full-match")
PLAYERS = Place("Players", "/admin/players")
ACTIVITY = Place("Activity", "/admin/activity")
SETTINGS = Place("Settings", "/admin/settings", "officer")

NAVIGATION = (DATA_QUALITY, PLAYERS, FULL_MATCH, ACTIVITY, SETTINGS)

SETTING_PLACES = (
    Place("Rules", f"{SETTINGS.href}/rules", "officer"),
    Place("Ranks", f"{SETTINGS.href}/ranks", "officer"),
    Place("Words in notes", f"{SETTINGS.href}/words", "officer"),
    Place("Upload keys", f"{SETTINGS.href}/keys", "administrator"),
    Place("API tokens", f"{SETTINGS.href}/tokens", "administrator"),
    Place("Officers", f"{SETTINGS.href}/officers", "administrator"),
    Place("Guild", f"{SETTINGS.href}/guild", "officer"),
    Place("History", f"{SETTINGS.href}/history", "officer"),
)
"""The pages of the settings, in their order."""
