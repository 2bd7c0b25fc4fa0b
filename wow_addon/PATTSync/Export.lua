local addonName, ns = ...
local Game = ns.Game

--- The last export in the saved variables. It is replaced by another whole one and never changed.
---
--- The game saves the variables in the order of the .toc file, so PATTSyncEnd, which repeats the export's id and number
--- of members, closes the file. A reader that does not find it, or finds another id in it, has not got the whole file.
local Export = {}
ns.Export = Export

local FORMAT = 2

local isUnsaved = false

--- Makes the saved variables usable, whatever the file held. To be called once they are loaded.
function Export.prepare()
    if type(PATTSyncDB) ~= "table" then
        PATTSyncDB = {}
    end
end

--- Public notes were seen where there is one; where all are empty, the client may have hidden them.
local function sawNotes(rows)
    for _, row in ipairs(rows) do
        if row.note and row.note ~= "" then
            return true
        end
    end
    return nil
end

--- The client gives "" for a note that may not be seen, which must not look like an empty note.
local function leaveOutOfficerNotes(rows)
    for _, row in ipairs(rows) do
        row.officerNote = nil
    end
end

local function newId(exportTime)
    return ("%x-%06x"):format(exportTime, math.random(0, 0xffffff))
end

--- Replaces the last export by one of these rows, and gives it.
function Export.store(rows)
    local guildName, guildRealm = Game.guild()
    local exportTime = Game.epoch()
    local seesOfficerNotes = Game.seesOfficerNotes()
    if seesOfficerNotes == false then
        leaveOutOfficerNotes(rows)
    end
    local export = {
        formatVersion = FORMAT,
        addonVersion = Game.addonVersion(addonName),
        interface = Game.interface(),
        language = Game.language(),
        exportId = newId(exportTime),
        exportTime = exportTime,
        guildName = guildName,
        realm = guildRealm or Game.ownRealm(),
        region = Game.region(),
        memberCount = #rows,
        canViewNotes = sawNotes(rows),
        canViewOfficerNotes = seesOfficerNotes,
        characters = rows,
    }
    PATTSyncDB.lastExport = export
    PATTSyncEnd = { exportId = export.exportId, memberCount = export.memberCount }
    isUnsaved = true
    return export
end

--- The last export, or nil where there is none that has what can be told of it.
function Export.last()
    local export = PATTSyncDB.lastExport
    if type(export) == "table" and type(export.exportTime) == "number" and type(export.memberCount) == "number" then
        return export
    end
    return nil
end

--- Seconds since an export.
function Export.age(export)
    return math.max(0, Game.epoch() - export.exportTime)
end

--- Whether the last export was made in this session and is not in the file yet.
function Export.isUnsaved()
    return isUnsaved
end
