local _, ns = ...

if not GetLocale or GetLocale() ~= "deDE" then
    return
end

local german = {
    PREFIX = "PATTSync: %s",

    STARTED = "Die Gildenliste wird gelesen ...",
    STILL_BUSY = "Ein Export läuft bereits: %s.",
    EXPORTED = "%s exportiert: %d Mitglieder.%s Logge aus oder gib /reload ein, damit das Spiel die Datei schreibt.",
    OFFICER_NOTES_HIDDEN = " Offiziersnotizen darfst du nicht sehen, sie fehlen darin.",
    FAILED = "Nichts wurde exportiert: %s. %s",
    KEPT = "Der Export von vor %s bleibt erhalten.",
    NONE_KEPT = "Einen früheren gibt es nicht.",
    WAITING = "Es wird gewartet: %s. Der Export folgt von selbst.",

    STATUS_LAST = "Letzter Export: %s, %d Mitglieder, vor %s, Kennung %s.",
    STATUS_NONE = "Es gibt noch keinen Export. Gib /pattsync ein.",
    STATUS_UNSAVED = "Er steht noch nicht in der Datei: Logge aus oder gib /reload ein.",
    STATUS_IDLE = "Zurzeit läuft nichts.",
    STATUS_BUSY = "Es läuft: %s.",

    HELP = {
        "/pattsync - exportiert die Gildenliste, sofort oder sobald das Spiel es erlaubt",
        "/pattsync force - bricht ab, was läuft, und beginnt den Export neu",
        "/pattsync status - der letzte Export, und worauf gewartet wird",
        "/pattsync help - diese Liste",
    },
    UNKNOWN_COMMAND = "Den Befehl \"%s\" gibt es nicht.",

    IN_COMBAT = "du bist im Kampf",
    IN_INSTANCE = "du bist in einer Instanz",
    RESTRICTED = "das Spiel verbirgt zurzeit Gildendaten vor Addons (Boss, Mythisch+, PvP oder gesperrtes Gebiet)",

    NO_GUILD = "du bist in keiner Gilde",
    NOT_ARRIVED = "die Gildenliste ist noch nicht vom Server angekommen",
    STILL_CHANGING = "die Gildenliste kommt noch vom Server an (bisher %d Mitglieder)",
    INCOMPLETE = "das Spiel zeigt nur einen Teil der Gildenliste (Zeile %d von %d fehlt)",
    OFFLINE_HIDDEN = "etwas blendet immer wieder die Mitglieder aus, die offline sind",
    SECRET = "das Spiel verbirgt die Werte der Gildenliste vor Addons (Zeile %d)",
    TWICE = "die Gildenliste nennt %s zweimal",
    NO_REALM = "das Spiel hat den Realm noch nicht genannt",
    ERROR = "im Addon trat ein Fehler auf (%s)",
    UNREADABLE = "diese Fassung des Spiels lässt Addons die Gildenliste nicht lesen",

    NO_GUILD_NAME = "deine Gilde",

    MINUTES = "%d Min.",
    HOURS = "%d Std.",
    DAYS = "%d T.",
}

for key, sentence in pairs(german) do
    ns.L[key] = sentence
end
