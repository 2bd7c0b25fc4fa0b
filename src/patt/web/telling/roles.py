"""What is said of roles: for whom something is, and what somebody is. Whole sentences, since languages bend the words for people."""

from __future__ import annotations

from collections.abc import Mapping

from patt.auth.permissions import Role
from sv_common.guild_sync.core.language import mark, tr

_IS_FOR: Mapping[Role, str] = {
    "viewer": mark("This is for viewers."),
    "officer": mark("This is for officers."),
    "administrator": mark("This is for administrators."),
}
_SIGNED_IN_AS: Mapping[Role, str] = {
    "viewer": mark("You are signed in as {name}, a viewer."),
    "officer": mark("You are signed in as {name}, an officer."),
    "administrator": mark("You are signed in as {name}, an administrator."),
}
_CONFIRMED_AS: Mapping[Role, str] = {
    "viewer": mark("Confirmed: {character} is {member}’s, who is a viewer by it."),
    "officer": mark("Confirmed: {character} is {member}’s, who is an officer by it."),
    "administrator": mark("Confirmed: {character} is {member}’s, who is an administrator by it."),
}
_NOT_ONESELF: Mapping[Role, str] = {
    "viewer": mark(
        "You cannot give yourself access: {because} would make you a viewer. Ask another officer or an administrator."
    ),
    "officer": mark(
        "You cannot give yourself access: {because} would make you an officer. Ask another officer or an administrator."
    ),
    "administrator": mark(
        "You cannot give yourself access: {because} would make you an administrator. Ask another officer or an "
        "administrator."
    ),
}
_YOU_ARE: Mapping[Role, str] = {
    "viewer": mark("You are {name}, a viewer."),
    "officer": mark("You are {name}, an officer."),
    "administrator": mark("You are {name}, an administrator."),
}
_YOU_ARE_IN: Mapping[Role, str] = {
    "viewer": mark("You are {name}, a viewer of {guild}."),
    "officer": mark("You are {name}, an officer of {guild}."),
    "administrator": mark("You are {name}, an administrator of {guild}."),
}
_YOU_WILL_BE: Mapping[Role, str] = {
    "viewer": mark("The link works once. You will be a viewer, and stay signed in for up to 7 days."),
    "officer": mark("The link works once. You will be an officer, and stay signed in for up to 7 days."),
    "administrator": mark("The link works once. You will be an administrator, and stay signed in for up to 7 days."),
}


def you_are(role: Role, *, name: str, guild: str = "") -> str:
    """Say who somebody is here; blank: in no single guild."""
    return tr(_YOU_ARE_IN[role], name=name, guild=guild) if guild else tr(_YOU_ARE[role], name=name)


def you_will_be(role: Role) -> str:
    """Say what a sign-in link makes of somebody, and for how long."""
    return tr(_YOU_WILL_BE[role])


def is_for(role: Role) -> str:
    """Say for whom something is that needs a role."""
    return tr(_IS_FOR[role])


def signed_in_as(name: str, role: Role) -> str:
    return tr(_SIGNED_IN_AS[role], name=name)


def confirmed_as(character: str, member: str, role: Role) -> str:
    return tr(_CONFIRMED_AS[role], character=character, member=member)


def not_oneself(because: str, role: Role) -> str:
    """Say that nobody gives themselves a role, and what would have given it."""
    return tr(_NOT_ONESELF[role], because=because)
