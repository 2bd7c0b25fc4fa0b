local _, ns = ...
local Game, L = ns.Game, ns.L

--- The guild roster as the client has it: whether all of it has arrived, and its rows.
---
--- The roster arrives from the server in pieces, each announced by GUILD_ROSTER_UPDATE. It counts as arrived when two
--- updates in a row tell the same number of members and the number has then stood still for some seconds.
local Roster = {}
ns.Roster = Roster

local SECONDS_BETWEEN_REQUESTS = 15
local SECONDS_OF_REST = 5
local HOURS_A_DAY, DAYS_A_MONTH, DAYS_A_YEAR = 24, 30, 365

local lastRequestAt
local total, changedAt
local isTotalConfirmed = false
local isUpdatedSince = false

--- Takes note that the client announced a change of the roster.
function Roster.onUpdate()
    local count = Game.memberCount()
    isTotalConfirmed = count ~= nil and count == total
    if count ~= total then
        changedAt = Game.seconds()
    end
    total = count
    isUpdatedSince = true
end

--- Demands a further update before the roster is read.
function Roster.awaitUpdate()
    isUpdatedSince = false
end

--- Demands two further updates, since the number of members so far was told under other conditions.
function Roster.startOver()
    total, isTotalConfirmed = nil, false
    Roster.awaitUpdate()
end

--- Asks the server for the roster, unless that was done a moment ago.
function Roster.request()
    local now = Game.seconds()
    if lastRequestAt == nil or now - lastRequestAt >= SECONDS_BETWEEN_REQUESTS then
        lastRequestAt = now
        Game.requestRoster()
    end
end

--- Says why the roster cannot be read yet, or gives nil.
function Roster.whyNotReady()
    if total == nil or total == 0 or not Game.guild() then
        return L.NOT_ARRIVED
    end
    local isAtRest = Game.seconds() - changedAt >= SECONDS_OF_REST
    if not (isUpdatedSince and isTotalConfirmed and isAtRest) then
        return L.STILL_CHANGING:format(total)
    end
    return nil
end

--- How long a member has been away at least: the client rounds years and months down.
local function timeAway(index, isOnline)
    if isOnline then
        return "Online"
    end
    local years, months, days, hours = Game.timeAway(index)
    if not (tonumber(years) and tonumber(months) and tonumber(days) and tonumber(hours)) then
        return nil
    end
    days = years * DAYS_A_YEAR + months * DAYS_A_MONTH + days + math.floor(hours / HOURS_A_DAY)
    hours = hours % HOURS_A_DAY
    if days > 0 then
        return ("%dd %dh"):format(days, hours)
    end
    return ("%dh"):format(hours)
end

local function textOrNil(value)
    if type(value) == "string" then
        return value
    end
    return nil
end

local function rankNameOf(rankIndex, rankName)
    if textOrNil(rankName) and rankName ~= "" then
        return rankName
    end
    return Game.rankName(rankIndex)
end

--- Gives a member's name and realm, which the client writes as one word; no character's own name has a hyphen.
local function identity(fullName)
    local name, realm = fullName:match("^([^-]*)%-(.+)$")
    return name or fullName, realm or Game.ownRealm()
end

local function whyNoRow(answer, index, count)
    if answer == "secret" then
        return L.SECRET:format(index)
    end
    return L.INCOMPLETE:format(index, count)
end

--- Gives one row, or nil and the reason why it is not to be had.
local function readRow(index, count)
    local answered, fullName, rankName, rankIndex, level, class, _, note, officerNote, isOnline, _, classFile, _, _, _, _, _,
        guid = Game.rosterRow(index)
    if not answered then
        return nil, whyNoRow(fullName, index, count)
    end
    if type(fullName) ~= "string" or Game.isPlaceholder(fullName) or type(rankIndex) ~= "number" then
        return nil, whyNoRow(nil, index, count)
    end
    local name, realm = identity(fullName)
    if name == "" then
        return nil, whyNoRow(nil, index, count)
    end
    if not realm then
        return nil, L.NO_REALM
    end
    return {
        name = name,
        realm = realm,
        guid = textOrNil(guid),
        rank = rankIndex,
        rankName = rankNameOf(rankIndex, rankName),
        level = tonumber(level),
        class = textOrNil(class),
        classFile = textOrNil(classFile),
        note = textOrNil(note),
        officerNote = textOrNil(officerNote),
        lastOnline = timeAway(index, isOnline),
    }
end

--- Gives all rows, or nil and the reason why they are not to be had; never a part of them.
function Roster.read()
    local count = Game.memberCount()
    if not count or count == 0 then
        return nil, L.NOT_ARRIVED
    end
    local rows, isTaken = {}, {}
    for index = 1, count do
        local row, reason = readRow(index, count)
        if not row then
            return nil, reason
        end
        local fullName = row.name .. "-" .. row.realm
        if isTaken[fullName] then
            return nil, L.TWICE:format(fullName)
        end
        isTaken[fullName] = true
        rows[index] = row
    end
    return rows
end
