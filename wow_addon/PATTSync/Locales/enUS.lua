local _, ns = ...

--- Every sentence that a player can see. A language that lacks one shows it in English.
ns.L = {
    PREFIX = "PATTSync: %s",

    STARTED = "Reading the guild roster ...",
    STILL_BUSY = "An export is under way: %s.",
    EXPORTED = "Exported %s: %d members.%s Log out or type /reload so that the game writes the file.",
    OFFICER_NOTES_HIDDEN = " You may not see officer notes, so they were left out.",
    FAILED = "Nothing was exported: %s. %s",
    KEPT = "The export of %s ago stays.",
    NONE_KEPT = "There is no earlier one.",
    WAITING = "Waiting: %s. The export follows by itself.",

    STATUS_LAST = "Last export: %s, %d members, %s ago, id %s.",
    STATUS_NONE = "There is no export yet. Type /pattsync.",
    STATUS_UNSAVED = "It is not in the file yet: log out or type /reload.",
    STATUS_IDLE = "Nothing is under way.",
    STATUS_BUSY = "Under way: %s.",

    HELP = {
        "/pattsync - export the guild roster, at once or as soon as the game allows it",
        "/pattsync force - drop what is under way and begin the export anew",
        "/pattsync status - the last export, and what is being waited for",
        "/pattsync help - this list",
    },
    UNKNOWN_COMMAND = "There is no command \"%s\".",

    IN_COMBAT = "you are in combat",
    IN_INSTANCE = "you are in an instance",
    RESTRICTED = "the game hides guild data from addons at present (encounter, Mythic+, PvP or a restricted map)",

    NO_GUILD = "you are in no guild",
    NOT_ARRIVED = "the roster has not arrived from the server",
    STILL_CHANGING = "the roster is still arriving from the server (%d members so far)",
    INCOMPLETE = "the game shows only a part of the roster (row %d of %d is missing)",
    OFFLINE_HIDDEN = "something keeps hiding the members who are offline",
    SECRET = "the game hides the roster's values from addons (row %d)",
    TWICE = "the roster names %s twice",
    NO_REALM = "the game has not told the realm yet",
    ERROR = "the addon met an error (%s)",
    UNREADABLE = "this version of the game does not let addons read the roster",

    NO_GUILD_NAME = "your guild",
    MINUTES = "%d min",
    HOURS = "%d h",
    DAYS = "%d d",
}
