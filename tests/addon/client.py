"""A World of Warcraft client as far as the addon can tell: it runs the addon's files and sets every known trap."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from lupa import lua51

ADDON = Path(__file__).parents[2] / "wow_addon" / "PATTSync"
LOGIN_TIME = 1_790_000_000
WRONG_CLOCK = 7200
"""Seconds by which the clock of the player's machine is behind."""
REQUESTS_APART = 10.0
"""Seconds within which the client drops a further request for the roster."""
ANSWERS_AFTER = 0.5
FRAME = 0.25

EVENTS = (
    *("ADDON_LOADED", "PLAYER_LOGIN", "PLAYER_ENTERING_WORLD", "PLAYER_LOGOUT", "GUILD_ROSTER_UPDATE"),
    *("ADDON_ACTION_BLOCKED", "ADDON_ACTION_FORBIDDEN"),
)

Style: TypeAlias = Literal["current", "older"]

LEGACY = frozenset({"GuildRoster", "CanViewOfficerNote", "GetAddOnMetadata", "GetCVar"})
"""What retail no longer has."""

MODERN = frozenset(
    {
        *("C_AddOns.GetAddOnMetadata", "C_CVar.GetCVar", "C_ChatInfo.InChatMessagingLockdown"),
        *("C_GuildInfo.CanViewOfficerNote", "C_GuildInfo.GuildRoster"),
        *("C_RestrictedActions.IsAddOnRestrictionActive", "canaccessvalue", "issecretvalue"),
    }
)
"""What older flavours never had."""

RESTRICTIONS = {"Combat": 0, "Encounter": 1, "ChallengeMode": 2, "PvPMatch": 3, "Map": 4}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the guild, as the server knows it. `away` is years, months, days and hours; None is online."""

    name: str
    realm: str | None = "Area52"
    rank: int = 3
    rank_name: str = "Raider"
    level: int = 90
    class_name: str = "Mage"
    class_file: str = "MAGE"
    note: str = ""
    officer_note: str = ""
    away: tuple[int, int, int, int] | None = (0, 0, 3, 4)
    guid: str | None = "Player-85-0A1B2C3D"

    @property
    def full_name(self) -> str:
        return f"{self.name}-{self.realm}" if self.realm else self.name


def letters(number: int) -> str:
    """A word for a number, since names have no digits."""
    return f"{letters(number // 26 - 1) if number >= 26 else ''}{chr(97 + number % 26)}"


def guild_of(size: int) -> list[Member]:
    """A guild in which every third member is online."""
    return [
        Member(
            f"Opal{letters(number)}",
            note="Robin",
            officer_note="trusted",
            away=None if number % 3 == 0 else (0, 1, 2, 3),
            guid=f"Player-85-{number:08X}",
        )
        for number in range(size)
    ]


@dataclass(eq=False)
class Client:
    """One session of the game, from the loading of the addon to the writing of its file.

    `stream` are the numbers of members that the client knows after each update behind login, `seconds_apart`. With
    `filters_total` a roster that hides members who are offline counts only the others; `filters_late` lets a change of
    that setting take effect with the next update from the server. `missing` names the functions that this flavour of the game lacks.
    """

    members: Sequence[Member] = ()
    _: KW_ONLY
    saved: InitVar[bytes] = b""
    missing: InitVar[Collection[str]] = LEGACY
    stream: InitVar[Sequence[int] | None] = None
    seconds_apart: InitVar[float] = 1.0
    language: str = "enUS"
    shows_offline: bool = True
    filters_total: bool = False
    filters_late: bool = False
    in_guild: bool = True
    guild: tuple[str | None, str | None] = ("Kin of Dawn", None)
    sees_officer_notes: bool = True
    in_combat: Any = False
    in_instance: Any = False
    in_lockdown: Any = False
    restrictions: set[str] = field(default_factory=set)
    secret_rows: set[int] = field(default_factory=set)
    hides_count: bool = False
    region: int = 3
    normalized_realm: str | None = "Area52"
    answers_requests: bool = True
    chat: list[str] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    dropped_requests: int = 0
    reads: int = 0
    now: float = 0.0

    def __post_init__(
        self, saved: bytes, missing: Collection[str], stream: Sequence[int] | None, seconds_apart: float
    ) -> None:
        self._effective_filter = not self.shows_offline
        self._known = len(self.members)
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._lua = lua51.LuaRuntime(
            unpack_returned_tuples=True, encoding=None, register_eval=False, register_builtins=False
        )
        self._globals = self._lua.globals()
        self._prepare(missing)
        self.own_globals = {bytes(name) for name in self._globals}
        self._load(saved)
        self._stream([self._known] if stream is None else stream, seconds_apart)

    def type(self, command: str) -> list[str]:
        """Type a line into the chat and give what the addon says at once."""
        before = len(self.chat)
        name, _, rest = command.partition(" ")
        assert self._globals[b"SLASH_PATTSYNC1"] == name.encode()
        self._globals[b"SlashCmdList"][b"PATTSYNC"](rest.encode())
        return self.chat[before:]

    def advance(self, seconds: float) -> list[str]:
        """Let time pass and give what the addon says meanwhile."""
        before = len(self.chat)
        for _ in range(math.ceil(seconds / FRAME)):
            self.now += FRAME
            self._deliver()
            self._update(FRAME)
        return self.chat[before:]

    def finish(self, seconds: float = 600) -> list[str]:
        """Let time pass until the addon has nothing under way, and give what it says meanwhile."""
        before = len(self.chat)
        while self.is_busy and seconds > 0:
            self.advance(FRAME)
            seconds -= FRAME
        assert not self.is_busy, "the addon is still at it"
        return self.chat[before:]

    def try_to_export(self) -> list[str]:
        """Type the command, let time pass until it has ended, and give what the addon says at its end."""
        self.type("/pattsync")
        return self.finish()

    @property
    def is_busy(self) -> bool:
        """Whether the addon does something at every frame."""
        return bool(self._is_busy())

    def announce(self) -> None:
        """Tell the addon that the roster has changed."""
        self._effective_filter = not self.shows_offline
        self.fire("GUILD_ROSTER_UPDATE", False)

    def reveal(self, count: int) -> None:
        """Let the client know so many members, and tell the addon."""
        self._known = count
        self.announce()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something in the course of time."""
        self._due.append((self.now + seconds, action))

    def fire(self, event: str, *arguments: object) -> None:
        """Send an event to all frames that have registered for it."""
        self._fire(event.encode(), *(value.encode() if isinstance(value, str) else value for value in arguments))

    def export(self, style: Style = "current", order: int = 0) -> bytes:
        """Export, and end the session; the export must succeed."""
        said = self.try_to_export()
        assert "Exported" in said[-1], said
        return self.log_out(style, order)

    def log_out(self, style: Style = "current", order: int = 0) -> bytes:
        """End the session and give the file that the game writes. The order of fields is different at every write."""
        self.fire("PLAYER_LOGOUT")
        lines = [b""]
        for name in _saved_variables():
            lines.extend(_assignment(name + b" = ", self._globals[name], b"", 0, style, order))
        return b"\n".join(lines) + b"\n"

    @property
    def new_globals(self) -> set[bytes]:
        """The global names that the addon has made."""
        return {bytes(name) for name in self._globals} - self.own_globals

    def _prepare(self, missing: Collection[str]) -> None:
        chunk = Path(__file__).with_name("client.lua").read_bytes()
        known = self._lua.table_from({event.encode(): True for event in EVENTS})
        prelude = self._lua.execute(b"return loadstring(...)", chunk)
        made = prelude(known, "issecretvalue" not in missing)
        self._fire, self._update, self._is_busy, self.secret, as_function, *self._hands = made
        for path, function in self._functions().items():
            if path not in missing:
                self._set(path, as_function(function))
        if "canaccessvalue" in missing:
            self._globals[b"canaccessvalue"] = None
        kinds = {name.encode(): number for name, number in RESTRICTIONS.items()}
        self._set("UNKNOWNOBJECT", b"Unknown")
        self._set("Enum.AddOnRestrictionType", self._lua.table_from(kinds))

    def _set(self, path: str, value: Any) -> None:
        *folders, name = path.encode().split(b".")
        table = self._globals
        for folder in folders:
            if table[folder] is None:
                table[folder] = self._lua.table()
            table = table[folder]
        table[name] = value

    def _functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "C_AddOns.GetAddOnMetadata": lambda _addon, field: _metadata(field),
            "C_CVar.GetCVar": self._setting,
            "C_ChatInfo.InChatMessagingLockdown": lambda: self.in_lockdown,
            "C_GuildInfo.CanViewOfficerNote": lambda: self.sees_officer_notes,
            "C_GuildInfo.GuildRoster": self._request,
            "C_RestrictedActions.IsAddOnRestrictionActive": self._is_restricted,
            "CanViewOfficerNote": lambda: self.sees_officer_notes,
            "GetAddOnMetadata": lambda _addon, field: _metadata(field),
            "GetBuildInfo": lambda: (b"12.1.0", b"69404", b"Aug 18 2026", 120100),
            "GetCVar": self._setting,
            "GetCurrentRegion": lambda: self.region,
            "GetGuildInfo": self._guild_info,
            "GetGuildRosterInfo": self._row,
            "GetGuildRosterLastOnline": self._last_online,
            "GetGuildRosterShowOffline": lambda: self.shows_offline,
            "GetLocale": self.language.encode,
            "GetNormalizedRealmName": lambda: _encoded(self.normalized_realm),
            "GetNumGuildMembers": self._count,
            "GetRealmName": lambda: b"Area 52",
            "GetServerTime": lambda: LOGIN_TIME + int(self.now),
            "GetTime": lambda: self.now,
            "GuildControlGetRankName": lambda number: f"Rank {int(number) - 1}".encode(),
            "GuildRoster": self._request,
            "InCombatLockdown": lambda: self.in_combat,
            "IsInGuild": lambda: self.in_guild,
            "IsInInstance": lambda: (self.in_instance, b"none" if self.in_instance is False else b"party"),
            "SetGuildRosterShowOffline": self._show_offline,
            "UnitAffectingCombat": lambda _unit: self.in_combat,
            "print": lambda sentence: self.chat.append(sentence.decode()),
            "time": lambda: LOGIN_TIME + int(self.now) - WRONG_CLOCK,
        }

    def _load(self, saved: bytes) -> None:
        self._lua.execute(saved)
        space = self._lua.table()
        for line in _toc_lines():
            if line and not line.startswith("#"):
                source = self._source(line)
                self._lua.execute(b"return assert(loadstring(...))", source, b"@" + line.encode())(b"PATTSync", space)
        for event in ("ADDON_LOADED", "PLAYER_LOGIN", "PLAYER_ENTERING_WORLD"):
            self.fire(event, "PATTSync")

    def _source(self, name: str) -> bytes:
        """Give the content of one of the addon's files."""
        return ADDON.joinpath(*name.split("\\")).read_bytes()

    def _stream(self, counts: Sequence[int], seconds_apart: float) -> None:
        self._known = 0
        for number, count in enumerate(counts):
            self.after(number * seconds_apart, lambda count=count: self.reveal(count))  # type: ignore[misc]
        self._deliver()

    def _deliver(self) -> None:
        due = [action for at, action in self._due if at <= self.now]
        self._due = [(at, action) for at, action in self._due if at > self.now]
        for action in due:
            action()

    def _request(self) -> None:
        is_dropped = bool(self.requests) and self.now - self.requests[-1] < REQUESTS_APART
        self.dropped_requests += is_dropped
        if is_dropped:
            return
        self.requests.append(self.now)
        if self.answers_requests:
            self.after(ANSWERS_AFTER, self.announce)

    def _listed(self) -> list[Member]:
        known = list(self.members[: self._known])
        return [member for member in known if member.away is None] if self._effective_filter else known

    def _count(self) -> Any:
        if self.hides_count:
            return self.secret, self.secret, self.secret
        online = sum(member.away is None for member in self.members[: self._known])
        return (len(self._listed()) if self.filters_total else self._known), online, online

    def _row(self, index: float) -> Any:
        listed = self._listed()
        self.reads += index == 1
        if not 1 <= index <= len(listed):
            return None
        member = listed[int(index) - 1]
        if int(index) in self.secret_rows:
            return (self.secret,) * 17
        texts = (member.class_name, "Dornogal", member.note, member.officer_note if self.sees_officer_notes else "")
        return (
            *(member.full_name.encode(), member.rank_name.encode(), member.rank, member.level),
            *(text.encode() for text in texts),
            *(member.away is None, 0, member.class_file.encode(), 12345, 1, False, False, 4, _encoded(member.guid)),
        )

    def _last_online(self, index: float) -> Any:
        return self._listed()[int(index) - 1].away

    def _guild_info(self, _unit: bytes) -> Any:
        name, realm = self.guild
        return _encoded(name), b"Raider", 3, _encoded(realm)

    def _setting(self, name: bytes) -> bytes:
        assert name == b"guildShowOffline"
        return b"1" if self.shows_offline else b"0"

    def _show_offline(self, shown: bool) -> None:
        self.shows_offline = bool(shown)
        if not self.filters_late:
            self._effective_filter = not self.shows_offline
        self.fire("GUILD_ROSTER_UPDATE", False)

    def _is_restricted(self, kind: float) -> bool:
        return any(RESTRICTIONS[name] == kind for name in self.restrictions)


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _toc_lines() -> list[str]:
    return (ADDON / "PATTSync.toc").read_text(encoding="utf-8").splitlines()


def toc_field(name: str) -> str:
    """Give the value of a field of the addon's .toc file."""
    (value,) = (line.partition(":")[2].strip() for line in _toc_lines() if line.startswith(f"## {name}:"))
    return value


def _metadata(field: bytes) -> bytes:
    return toc_field(field.decode()).encode()


def _saved_variables() -> list[bytes]:
    return [name.strip().encode() for name in toc_field("SavedVariables").split(",")]


def _assignment(prefix: bytes, value: Any, end: bytes, depth: int, style: Style, order: int) -> Iterator[bytes]:
    """Write a value as the game does: list items first and without keys, then the fields in no order."""
    indent = b"\t" * depth if style == "older" else b""
    if lua51.lua_type(value) != "table":
        yield indent + prefix + _scalar(value) + end
        return
    yield indent + prefix + b"{"
    length = len(value)
    for number in range(1, length + 1):
        ending = b", -- [%d]" % number if style == "older" else b","
        yield from _assignment(b"", value[number], ending, depth + 1, style, order)
    named = [key for key in value if not (isinstance(key, int) and 1 <= key <= length)]
    for key in sorted(named, key=lambda key: zlib.crc32(b"%d %r" % (order, key))):
        yield from _assignment(b"[" + _scalar(key) + b"] = ", value[key], b",", depth + 1, style, order)
    yield indent + b"}" + end


def _scalar(value: Any) -> bytes:
    if isinstance(value, bytes):
        escaped = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        return b'"' + escaped + b'"'
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if value is None or lua51.lua_type(value) == "function":
        return b"nil" if value is None else b"nil --[[ skipped inline function ]]"
    assert isinstance(value, int | float), "a secret value would spoil the whole file"
    return repr(value).encode()
