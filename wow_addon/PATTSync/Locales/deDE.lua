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
        "/pattsync notes - die Gildennotizen, die PATT vorschlägt, für Offiziere",
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

    NOTES_TITLE = "Gildennotizen, die PATT vorschlägt",
    NO_PROPOSALS = "PATT schlägt keine Notizen vor. Der Begleiter eines Offiziers bringt sie; gib danach /reload ein",
    PROPOSALS_DAMAGED = "die Datei mit den vorgeschlagenen Notizen ist beschädigt; der Begleiter schreibt sie neu, dann gib /reload ein",
    PROPOSALS_WITHOUT_GUILD = "du bist in keiner Gilde",
    PROPOSALS_WAIT_FOR_GUILD = "das Spiel hat deine Gilde noch nicht genannt",
    PROPOSALS_OF_ANOTHER_GUILD = "die vorgeschlagenen Notizen sind die einer anderen Gilde: %s",
    PROPOSALS_OLD = "die vorgeschlagenen Notizen sind %d Tage alt; starte den Begleiter, dann gib /reload ein",
    NOTES_WAIT = "Nichts kann geschrieben werden: %s.",
    NOTES_NO_RIGHT = "Dein Rang darf öffentliche Notizen nicht bearbeiten, also kann nichts geschrieben werden.",
    NOTES_COUNT = "%d Notizen zum Ansehen. %d der Charaktere stehen gerade nicht in der Gildenliste.",
    NOTES_NOT_NOW = "Nicht jetzt: %s.",
    NOTES_ONE_BY_ONE = "Eine Notiz nach der anderen: Die letzte wird noch geschrieben.",
    NOTES_TOO_FAST = "Eine Notiz nach der anderen. Versuch es gleich noch einmal.",
    NOTE_CHANGE = "%s: aus %s wird %s",
    NOTE_QUOTED = "\"%s\"",
    NOTE_IS_EMPTY = "(leer)",
    NOTE_LOSES = " Kein Platz ist für \"%s\".",
    NOTE_DIFFERS = "PATT kannte eine andere Notiz: %s.",
    NOTE_HAS_CHANGED = "Die Notiz hat sich gerade geändert.",
    NOTE_ASKS_AGAIN = "Die Notiz lautet jetzt \"%s\". Drück noch einmal, um sie zu ersetzen.",
    NOTE_OF_NOBODY = "Das Spiel zeigt diesen Charakter gerade nicht in der Gilde.",
    NOTE_SAYS_SO = "Die Notiz lautet schon so.",
    NOTE_UNDER_WAY = "Wird geschrieben ...",
    NOTE_WRITTEN = "Geschrieben.",
    NOTE_PUT_BACK = "Die frühere Notiz ist wieder da.",
    NOTE_KEPT_OTHERWISE = "Das Spiel behält eine andere Notiz: \"%s\".",
    NOTE_NOT_TAKEN = "Nicht geschrieben: Das Spiel hat die Notiz nicht genommen.",
    NOTE_FORBIDDEN = "Nicht geschrieben: Das Spiel lässt Addons das jetzt nicht tun.",
    NOTE_OUTCOME = "Notiz von %s: %s",
    WRITE = "Schreiben",
    WRITE_ANYWAY = "Ersetzen",
    UNDO = "Rückgängig",
    UNDO_ANYWAY = "Doch rückgängig",
    CLOSE = "Schließen",
    PAGE_BACK = "Zurück",
    PAGE_ONWARD = "Weiter",
    PAGE_OF = "%d von %d",

    NO_GUILD_NAME = "deine Gilde",

    MINUTES = "%d Min.",
    HOURS = "%d Std.",
    DAYS = "%d T.",
}

for key, sentence in pairs(german) do
    ns.L[key] = sentence
end
