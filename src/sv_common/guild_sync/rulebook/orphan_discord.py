"""A Discord member with a guild role who is no player."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, Named, attach_member, create_player, link
from sv_common.guild_sync.core.basis import LinkEvidence
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember, read_facts
from sv_common.guild_sync.identity.resolver import Directory
from sv_common.guild_sync.issues.explanation import Saying, Source, Story
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.candidates import claims_of, players_called_like, remedy_of_member, why_theirs
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome
from sv_common.guild_sync.rulebook.explain import MEMBER_HAS_LEFT, Known, in_words, why_weight_waits
from sv_common.guild_sync.rulebook.rule import RuleDefinition

ISSUE_TYPE = "orphan_discord"
SQL = load_sql(__package__, "orphan_discord.sql")


async def detect(conn: Connection, *, guild_id: int | None = None, now: datetime | None = None) -> list[Finding]:  # noqa: ARG001 -- every detector takes the time
    """Find Discord members with a mapped role and no player; bots and people who left do not count."""
    rows = await (await conn.execute(SQL["find"], {"guild_id": guild_id})).fetchall()
    return [
        Finding(
            ISSUE_TYPE,
            guild,
            SubjectKind.DISCORD_MEMBER,
            member_id,
            f"Discord member '{name}' has a guild role but no player",
            {
                "discord_member_id": member_id,
                "member": name,
                "discord_id": discord_id,
                "roles": roles,
                "role_ids": role_ids,
            },
        )
        for member_id, guild, name, discord_id, roles, role_ids in rows
    ]


async def plan(conn: Connection, findings: Sequence[Finding]) -> list[Changeset]:
    """Create the player with the unlinked characters that mean this member, or join an existing player of that name."""
    if not findings:
        return []
    directory = Directory(await read_facts(conn, findings[0].guild_id))
    return [_plan(directory, directory.facts.members[finding.subject_id]) for finding in findings]


def _plan(directory: Directory, member: KnownMember) -> Changeset:
    characters = [
        (c, why, _basis(directory, c)) for c in _unlinked(directory) if (why := why_theirs(directory, c, member))
    ]
    namesakes = players_called_like(directory, member)
    if len(namesakes) == 1 and not characters:
        player = namesakes[0]
        waits = why_weight_waits(directory.facts, directory.characters_of(player.id))
        return Changeset(
            (attach_member(player.named, member.named),),
            f"The player {player.display_name} has no Discord member and bears this name.",
            waits,
        )
    if namesakes:
        names = " or ".join(player.display_name for player in namesakes)
        return Changeset.none(
            f"{member.display_name} could be the player {names}, who has no Discord member. Decide by hand."
        )
    if not characters and (others := players_called_like(directory, member, rejected=True)):
        names = " or ".join(player.display_name for player in others)
        return Changeset.none(
            f"An officer has said that {member.display_name} on Discord is not the player {names}. Decide by hand."
        )
    if not characters:
        return Changeset.none(f"No unlinked character's note or name means {member.display_name}.")
    return _create(member, characters)


def _create(member: KnownMember, characters: Sequence[tuple[KnownCharacter, str, LinkEvidence]]) -> Changeset:
    names = {name_key(member.username), name_key(member.display_name), name_key(member.global_name or "")}
    own = [character for character, _, _ in characters if character.name_key in names]
    main = own[0] if len(own) == 1 else None
    player = Named(-member.id, member.display_name)
    create = create_player(*player, member.named, main.named if main else None)
    links = [link(c.named, player, why, basis) for c, why, basis in characters]
    return Changeset(
        (create, *links),
        f"{len(links)} unlinked character(s) mean {member.display_name}.",
        waits_for_officer="Only an officer may have a new player created.",
    )


def _basis(directory: Directory, character: KnownCharacter) -> LinkEvidence:
    return "note" if directory.decide(character).target is not None else "name"


def _unlinked(directory: Directory) -> list[KnownCharacter]:
    return [c for c in directory.facts.characters.values() if c.player_id is None and c.is_present]


def explain(known: Known, finding: Finding) -> Story:
    """A guild role on Discord, and no player."""
    member = known.member(finding.subject_id)
    if member is None:
        return Story((Saying(Source.DISCORD, MEMBER_HAS_LEFT),), MEMBER_HAS_LEFT)
    roles = ", ".join(role for role in finding.details.get("roles") or () if role)
    sayings = [Saying(Source.DISCORD, f"{member.display_name} is on the server{_also_called(member)}.")]
    if roles:
        sayings.append(Saying(Source.DISCORD, f"A guild role is held: {roles}."))
    sayings.append(Saying(Source.RECORD, _record_of_member(known, member)))
    sayings.append(Saying(Source.NOTE, _characters_that_mean(known, member)))
    return Story(tuple(sayings), f"{member.display_name} holds a guild role and is no player here.")


def _record_of_member(known: Known, member: KnownMember) -> str:
    player_id = known.directory.player_of_member(member.id)
    if player_id is not None:
        return f"{member.display_name} is the player {known.player(player_id)}."
    namesakes = players_called_like(known.directory, member)
    if not namesakes:
        return f"No player is {member.display_name}, and no player without a Discord member is called so."
    names = in_words([player.display_name for player in namesakes], "and")
    return f"No player is {member.display_name}. Called so, and without a Discord member: {names}."


def _characters_that_mean(known: Known, member: KnownMember) -> str:
    unlinked = [c for c in known.directory.facts.characters.values() if c.player_id is None and c.is_present]
    found = [c.label for c in unlinked if why_theirs(known.directory, c, member)]
    if not found:
        return f"No character without a player has a note or a name that means {member.display_name}."
    return f"Without a player, and meaning {member.display_name} by note or name: {in_words(found, 'and')}."


def _also_called(member: KnownMember) -> str:
    known = {name_key(member.display_name)}
    others = []
    for name in (member.global_name or "", member.username):
        if name and name_key(name) not in known:
            known.add(name_key(name))
            others.append(name)
    return f", also called {in_words(others, 'and')}" if others else ""


RULE = RuleDefinition(
    issue_type=ISSUE_TYPE,
    name="Unlinked Discord Member",
    description="Discord member with a guild role but no player record",
    severity=Severity.WARNING,
    subject=SubjectKind.DISCORD_MEMBER,
    auto_mitigate=False,
    detect=detect,
    plan=plan,
    explain=explain,
    candidates=claims_of,
    remedy=remedy_of_member,
    affects=("orphan_wow", "role_mismatch", "note_mismatch", "stale_character"),
    why="Somebody holds a guild role on Discord, and nobody knows which characters are theirs.",
    left_to_officer=(
        "Creating a player is an officer's decision. The fix offers it where notes or names of unlinked characters mean "
        "this member and nobody else, or where one player of this name has no Discord member yet. "
        "Otherwise an officer names a character of theirs. A member whom an officer has taken from a player is not put back."
    ),
    material=(
        Material(
            "roles",
            "the guild roles that they hold",
            "with {}",
            "the member holds {}",
            lambda d: d["role_ids"],
            lambda d: ", ".join(filter(None, d["roles"])),
        ),
    ),
    examples=(
        Example(
            "Member Mito; two unlinked characters with the note “Mito”",
            "the player Mito is created with both",
            Outcome.NEEDS_CLICK,
            (Character("Altrek", "Mito"), Character("Banktrek", "Mito")),
            (Member("Mito", ["Raider"]),),
            after={"Altrek": "Mito", "Banktrek": "Mito"},
        ),
        Example(
            "Member Bob; the player Bob exists without a Discord member",
            "Bob joins that player",
            Outcome.NEEDS_CLICK,
            (Character("Bob", owner="Bob", is_main=True),),
            (Member("Bob", ["Raider"]),),
        ),
        Example(
            "Member Zephyr; no note and no name says Zephyr",
            "an officer names a character of theirs",
            Outcome.NO_FIX,
            (Character("Altrek", "Alch 300"),),
            (Member("Zephyr", ["Raider"]),),
        ),
        Example(
            "A bot with a guild role; a member without one; a member who has left",
            "none of them should be a player here",
            Outcome.NO_FINDING,
            (),
            (
                Member("Robot", ["Raider"], is_bot=True),
                Member("Guest", ["DJ"]),
                Member("Gone", ["Raider"], has_left=True),
            ),
        ),
    ),
)
