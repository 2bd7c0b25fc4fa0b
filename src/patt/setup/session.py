"""What the steps of the set-up work with: the dialogue with the user, open connections, settings and the guild."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import httpx2
from pydantic import SecretStr

from patt.bootstrap import PermitsOfServices, battlenet_client, discord_client, sources
from patt.config import Settings, load_settings
from patt.setup import env_file
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import BadInput, PattError, Refused
from sv_common.guild_sync.core.language import tr, tr_in
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.models import DiscordRole
from sv_common.guild_sync.sources.ports import Sources

_SECRETS = ("blizzard_client_secret", "discord_bot_token")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: its value, what is shown, and another name for it."""

    value: str
    label: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be told: the option of its answer, what is asked, and what the answer is by default."""

    option: str
    text: str
    default: str = ""
    is_secret: bool = False
    choices: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True)
class RankOffer:
    """A rank with some of its characters, the role that it has (“none” for none on purpose), and the one that is suggested."""

    index: int
    name: str
    examples: Sequence[str]
    role_id: str | None
    suggested: str | None


class StepSkipped(Exception):
    """A step is left for later. The text says why, as the end of the sentence that begins with “Later:”."""


class Dialogue(Protocol):
    """Prompts and reports. Each question has the name of an option; the value of that option is its first answer.

    A `SetupSession` without a user (`is_interactive` is False) gets options and defaults for answers.
    """

    is_interactive: bool
    _given: dict[str, str]

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)

    def given(self, option: str) -> str | None:
        """Return the value of an option that was not used as an answer yet; None without one."""
        return self._given.get(option)

    def take(self, option: str) -> str | None:
        """Return the same and use it up, so that it is not the answer to a second try."""
        return self._given.pop(option, None)

    def is_asked_anew(self, *options: str) -> bool:
        """Whether an answer that was accepted before is to be replaced: one of its options was given."""
        return any(self.given(option) for option in options)

    def prompt_all(self, *questions: Question) -> list[str]:
        """Return the answers to questions that belong together, in their order. Raises like `prompt`."""
        return [
            self.prompt(each.option, each.text, default=each.default, is_secret=each.is_secret) for each in questions
        ]

    def prompt(self, option: str, question: str, *, default: str = "", is_secret: bool = False) -> str:
        """Return the answer, never blank. Raises `StepSkipped` for none, and `BadInput` without a user."""

    def choose(self, option: str, question: str, choices: Sequence[Choice], *, default: str = "") -> str:
        """Return the value of one of the choices. Raises like `prompt`, and `BadInput` for another value."""

    def confirm(self, option: str, question: str, *, default: bool = True) -> bool:
        """Return yes or no; the default without a user and an option."""

    def try_again(self) -> bool:
        """Return whether a failed step is tried again; False without a user."""

    def begin(self, step: str, heading: str) -> None: ...

    def say(self, sentence: str) -> None: ...

    def warn(self, sentence: str) -> None:
        """Report something that should be fixed and does not end the step."""

    def complain(self, error: PattError) -> None: ...

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None: ...

    def offer(self, ranks: Sequence[RankOffer], roles: Sequence[DiscordRole]) -> None:
        """Take note of all ranks and of the roles that they can have, for a user who decides about all at once."""

    def hand_over(self, code: str, uploader: str) -> None:
        """Show the code for a companion, this one time, with how it is used."""

    def working(self, what: str) -> AbstractContextManager[object]:
        """Show an activity while the block runs."""


class ChangeAhead(Exception):
    """A step that only looks has come to where it would change something: nothing else is to be asked."""


def chosen(answer: str, choices: Sequence[Choice], *, by_number: bool = False) -> str:
    """Return the value of the choice with this number in the list, value, label or name. Raises `BadInput`."""
    if by_number and answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1].value
    if answer in {choice.value for choice in choices}:
        return answer
    key = name_key(answer)
    meant = [choice.value for choice in choices if key in (name_key(choice.label), name_key(choice.name))]
    if len(meant) == 1:
        return meant[0]
    several = tr("“{answer}” fits more than one choice.", answer=answer)
    cause = several if meant else tr("“{answer}” is not a choice.", answer=answer)
    raise BadInput(cause + " " + tr("Use one of: {choices}", choices=listing(choices)))


def listing(choices: Sequence[Choice]) -> str:
    return ", ".join(f"{choice.value} ({choice.label})" for choice in choices)


_AGREED, _REFUSED = {"y", "yes"}, {"n", "no"}


def is_agreed(answer: str) -> bool | None:
    """Read yes or no, in English or as the prompt says it; None for anything else."""
    key = answer.strip().lower()
    if key in _AGREED | {tr_in("answer", "y"), tr_in("answer", "yes")}:
        return True
    return False if key in _REFUSED | {tr_in("answer", "n"), tr_in("answer", "no")} else None


@dataclass(slots=True)
class SetupSession:
    """The open database and HTTP connections, the settings as they are now, and the guild that is set up."""

    dialogue: Dialogue
    pool: Pool
    http: httpx2.AsyncClient
    settings: Settings
    actor: str
    permits: PermitsOfServices | None = None
    guild_id: int | None = None
    person: str = ""
    """Who sets it up, as far as that is known: gets the first upload key by default."""
    reached_at: str = ""
    """The address at which a browser has reached the pages: theirs by default, while none is set."""
    is_looking: bool = False
    """Whether nothing may be changed: the step is run to see what it asks."""

    keeps_settings: bool = True

    def before_a_change(self) -> None:
        """Stop a step that only looks. Each step calls this before it changes anything. Raises `ChangeAhead`."""
        if self.is_looking:
            raise ChangeAhead

    @property
    def sources(self) -> Sources:
        return sources(self.settings, self.http, self.permits)

    def require_battle_net(self) -> BattleNetClient:
        """Return a client of Battle.net. Raises `StepSkipped` without credentials."""
        client = battlenet_client(self.settings, self.http, permits=self.permits)
        if client is None:
            raise StepSkipped(tr("it needs the credentials of Battle.net"))
        return client

    def require_discord(self) -> DiscordClient:
        """Return a client of Discord. Raises `StepSkipped` without a token."""
        client = discord_client(self.settings, self.http, permits=self.permits)
        if client is None:
            raise StepSkipped(tr("it needs the token of the Discord bot"))
        return client

    async def guild(self) -> Guild:
        """Return the guild that is set up. Raises `StepSkipped` while there is none."""
        if self.guild_id is None:
            raise StepSkipped(tr("it needs the guild"))
        async with self.pool.reading(self.guild_id) as here:
            return await guilds.get(here)

    async def guild_on_discord(self) -> tuple[Guild, str]:
        """Return the guild and the id of its Discord server. Raises `StepSkipped` while either is missing."""
        guild = await self.guild()
        if guild.discord_guild_id is None:
            raise StepSkipped(tr("it needs the guild's Discord server"))
        return guild, guild.discord_guild_id

    def trying(self, values: Mapping[str, str]) -> SetupSession:
        """Return a session with other settings, which are not stored."""
        tried = {name: SecretStr(value) if name in _SECRETS else value for name, value in values.items()}
        return replace(self, settings=self.settings.model_copy(update=tried))

    def keep(self, values: Mapping[str, str]) -> None:
        """Store settings for later runs too. Raises like `env_file.keep`, `ChangeAhead`, and `Refused` in a demo."""
        self.before_a_change()
        if not self.keeps_settings:
            raise Refused(tr("This is a demo, which keeps no settings. Nothing was changed."))
        env_file.keep(values)
        self.settings = load_settings()
