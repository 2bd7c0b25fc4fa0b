"""The addresses of the application: where programs ask, and the pages that the navigation leads to, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from patt.auth.permissions import Role
from sv_common.guild_sync.core.language import mark, tr

API_PREFIX = "/api"
METRICS_PATH = "/metrics"
ADMIN_PREFIX = "/admin"
SIGN_IN_PREFIX = "/login"
DISCORD_PREFIX = f"{SIGN_IN_PREFIX}/discord"
CHOICE_PATH = f"{SIGN_IN_PREFIX}/guild"
CLAIM_PREFIX = "/claim"
CLAIM_DISCORD = f"{CLAIM_PREFIX}/discord"
CLAIM_BATTLE_NET = f"{CLAIM_PREFIX}/battlenet"
UPLOAD_PREFIX = f"{API_PREFIX}/v1/guild-sync"
LIVE_PATH = f"{API_PREFIX}/v1/admin/live"
STATIC_PREFIX = "/static"


def is_below(prefix: str, path: str) -> bool:
    """Whether an address is this one, or one below it."""
    return path == prefix or path.startswith(f"{prefix}/")


def is_for_programs(path: str) -> bool:
    """Whether programs ask here, so that an API token opens it."""
    return is_below(API_PREFIX, path) or path == METRICS_PATH


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the navigation leads to; `least` is the role from which on somebody may see it.

    `icon` names its sign in the sprite. The names are marked texts: `label` and `short` are what people read, the latter
    where there is little room.
    """

    name: str
    href: str
    least: Role = "viewer"
    icon: str = ""
    short_name: str = ""

    @property
    def label(self) -> str:
        return tr(self.name)

    @property
    def short(self) -> str:
        return tr(self.short_name or self.name)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: what it is called, the page that has its button, who may do it, and what it does."""

    name: str
    href: str
    least: Role
    effect: str
    is_of_installation: bool = False
    """Whether only those who may set up the installation itself may do it."""

    @property
    def label(self) -> str:
        return tr(self.name)

    @property
    def about(self) -> str:
        return tr(self.effect)


INBOX = Place(mark("Inbox"), "/admin/inbox", icon="inbox")
DATA_QUALITY = Place(mark("Data Quality"), "/admin/data-quality", icon="health", short_name=mark("Quality"))
PEOPLE = Place(mark("People"), "/admin/players", icon="people")
MAP = Place(mark("Map"), "/admin/map", icon="map")
LOG = Place(mark("Log"), "/admin/activity", icon="log")
SETTINGS = Place(mark("Settings"), "/admin/settings", "officer", icon="settings")
FULL_MATCH = Place(mark("Full Match"), "/admin/full-match")
ACCOUNT = Place(mark("Your sign-ins"), "/admin/account")

NAVIGATION = (INBOX, DATA_QUALITY, PEOPLE, MAP, LOG, SETTINGS)
"""The places of the navigation, in their order; the first is the landing page."""

PAGES = (*NAVIGATION, FULL_MATCH, ACCOUNT)
"""Every page that has an address of its own and is no page of the settings."""

_ASKED_ON = {
    f"{ADMIN_PREFIX}/officers": f"{SETTINGS.href}/officers",
    f"{ADMIN_PREFIX}/uploads": LOG.href,
    f"{ADMIN_PREFIX}/losses": f"{LOG.href}/losses",
    f"{ADMIN_PREFIX}/persons": PEOPLE.href,
}
"""The pages whose forms ask for what stands elsewhere in the API."""

_ISSUE = re.compile(rf"({DATA_QUALITY.href})/(?:issues|fix)/([0-9]{{1,18}})(?:/.*)?")
_UNDO = re.compile(rf"{DATA_QUALITY.href}/attempts/[0-9]{{1,18}}/undo")


def page_of(path: str) -> str:
    """Return the page that has the form which is sent to an address: by default Data Quality."""
    asked = path.removeprefix(f"{API_PREFIX}/v1")
    if issue := _ISSUE.fullmatch(asked):
        return f"{issue[1]}/issues/{issue[2]}"
    if _UNDO.fullmatch(asked):
        return asked
    known = {place.href: place.href for place in (*SETTING_PLACES, *PAGES)} | _ASKED_ON
    return next((page for prefix, page in known.items() if is_below(prefix, asked)), DATA_QUALITY.href)


SETTING_PLACES = (
    Place(mark("Rules"), f"{SETTINGS.href}/rules", "officer"),
    Place(mark("Ranks"), f"{SETTINGS.href}/ranks", "officer"),
    Place(mark("Words in notes"), f"{SETTINGS.href}/words", "officer"),
    Place(mark("Upload keys"), f"{SETTINGS.href}/keys", "administrator"),
    Place(mark("API tokens"), f"{SETTINGS.href}/tokens", "administrator"),
    Place(mark("Officers"), f"{SETTINGS.href}/officers", "administrator"),
    Place(mark("Guild"), f"{SETTINGS.href}/guild", "officer"),
    Place(mark("Data kept"), f"{SETTINGS.href}/retention", "officer"),
    Place(mark("Account evidence"), f"{SETTINGS.href}/accounts", "officer"),
    Place(mark("History"), f"{SETTINGS.href}/history", "officer"),
)
"""The pages of the settings, in their order."""

SEARCH_PATH = "/admin/search"
SETUP_PATH = f"{ADMIN_PREFIX}/setup"
RESTORE_PATH = f"{SETUP_PATH}/restore"
RESTORE_PREVIEW_PATH = f"{RESTORE_PATH}/preview"
RESTORED_PATH = f"{SIGN_IN_PREFIX}/restored"

ACTIONS = (
    Action(mark("Run all scans"), DATA_QUALITY.href, "officer", mark("Scan with every rule; fixes nothing")),
    Action(
        mark("Fix All, Attempt Fix"),
        f"{DATA_QUALITY.href}#rules",
        "officer",
        mark("Fix what one rule found; preview it first"),
    ),
    Action(
        mark("Run a full match"), FULL_MATCH.href, "officer", mark("Link all unlinked characters that evidence decides")
    ),
    Action(
        mark("Reopen dismissed issues"),
        f"{DATA_QUALITY.href}/dismissals",
        "officer",
        mark("Who dismissed what, and why"),
    ),
    Action(mark("Undo a change"), f"{LOG.href}?show=actions", "officer", mark("Who did what, each with its undo")),
    Action(mark("Try a note"), f"{SETTINGS.href}/words#try", "officer", mark("See how a note is read, and why")),
    Action(
        mark("Undo a change of settings"),
        f"{SETTINGS.href}/history",
        "administrator",
        mark("Who changed what, with its undo"),
    ),
    Action(mark("Add a word"), f"{SETTINGS.href}/words#add", "administrator", mark("Set what a word in notes means")),
    Action(
        mark("Map ranks to Discord roles"),
        f"{SETTINGS.href}/ranks",
        "administrator",
        mark("Set the Discord role of each rank"),
    ),
    Action(
        mark("Create an upload key"),
        f"{SETTINGS.href}/keys",
        "administrator",
        mark("For a companion that sends exports"),
    ),
    Action(mark("Create an API token"), f"{SETTINGS.href}/tokens", "administrator", mark("For a program")),
    Action(
        mark("Choose who may sign in"), f"{SETTINGS.href}/officers", "administrator", mark("By Discord role or by rank")
    ),
    Action(
        mark("Rename or move the guild"),
        f"{SETTINGS.href}/guild",
        "administrator",
        mark("If the guild has a new name or realm"),
    ),
    Action(
        mark("Set up another guild"),
        f"{SETUP_PATH}?new=true",
        "administrator",
        mark("One step at a time, as for the first one"),
        is_of_installation=True,
    ),
)
"""What can be done, as it is searched for."""
