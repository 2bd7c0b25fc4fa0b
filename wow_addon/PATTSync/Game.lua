local _, ns = ...

--- What is asked of the game client. Each function is looked up when it is needed, by its name and never by the
--- game's version, since the flavours of the game have different ones. What the client hides ("secret values") never
--- leaves this file: a secret must not be compared, tested, used as a key or saved.
local Game = {}
ns.Game = Game

local RESTRICTIONS = { "Combat", "Encounter", "ChallengeMode", "PvPMatch", "Map", "Chat" }

local function find(path)
    local found = _G
    for part in path:gmatch("[^.]+") do
        if type(found) ~= "table" then
            return nil
        end
        found = found[part]
    end
    if type(found) == "function" then
        return found
    end
    return nil
end

local function isSecret(value)
    if issecretvalue then
        return issecretvalue(value)
    end
    return canaccessvalue ~= nil and not canaccessvalue(value)
end

local function screened(called, ...)
    if not called then
        return false, "failed"
    end
    for index = 1, select("#", ...) do
        if isSecret((select(index, ...))) then
            return false, "secret"
        end
    end
    return true, ...
end

--- Calls the first function that exists. Gives true and its values, or false and "missing", "failed" or "secret".
local function ask(paths, ...)
    for path in paths:gmatch("%S+") do
        local found = find(path)
        if found then
            return screened(pcall(found, ...))
        end
    end
    return false, "missing"
end

--- Gives the values of an answer, or nothing where there is none that may be looked at.
local function valuesOf(answered, ...)
    if answered then
        return ...
    end
end

--- Whether a question is answered with yes. A hidden answer is a yes: the client hides things only where it restricts.
local function isSo(paths, ...)
    local answered, value = ask(paths, ...)
    if answered then
        return value and value ~= 0
    end
    return value == "secret"
end

local function asText(value)
    if type(value) == "string" and value ~= "" then
        return value
    end
    return nil
end

--- Seconds of a clock that never jumps.
function Game.seconds()
    return GetTime()
end

--- Seconds since 1970, UTC.
function Game.epoch()
    return valuesOf(ask("GetServerTime")) or time()
end

--- Whether the client names an active restriction under which it hides guild data.
local function isRestricted()
    if isSo("C_ChatInfo.InChatMessagingLockdown") then
        return true
    end
    local kinds = Enum and Enum.AddOnRestrictionType or {}
    for _, name in ipairs(RESTRICTIONS) do
        if kinds[name] and isSo("C_RestrictedActions.IsAddOnRestrictionActive", kinds[name]) then
            return true
        end
    end
    return false
end

--- The sentence's key for why the roster may not be read at present, or nil.
function Game.obstacle()
    if isSo("InCombatLockdown") or isSo("UnitAffectingCombat", "player") then
        return "IN_COMBAT"
    end
    if isSo("IsInInstance") then
        return "IN_INSTANCE"
    end
    if isRestricted() then
        return "RESTRICTED"
    end
    return nil
end

function Game.isInGuild()
    return isSo("IsInGuild")
end

--- The guild's name, and its realm where that is not the player's own.
function Game.guild()
    local name, _, _, realm = valuesOf(ask("GetGuildInfo", "player"))
    return asText(name), asText(realm)
end

--- The player's realm in the form of roster names: without blanks, hyphens and full stops.
function Game.ownRealm()
    local realm = asText(valuesOf(ask("GetNormalizedRealmName"))) or asText(valuesOf(ask("GetRealmName")))
    return realm and realm:gsub("[%s%.%-]", "")
end

--- The client's number of the region (1 US, 2 KR, 3 EU, 4 TW, 5 CN), or nil.
function Game.region()
    local region = valuesOf(ask("GetCurrentRegion"))
    if type(region) == "number" and region >= 1 then
        return region
    end
    return nil
end

function Game.language()
    return asText(valuesOf(ask("GetLocale")))
end

--- The interface number of the running client.
function Game.interface()
    local _, _, _, number = valuesOf(ask("GetBuildInfo"))
    return number
end

function Game.addonVersion(name)
    return asText(valuesOf(ask("C_AddOns.GetAddOnMetadata GetAddOnMetadata", name, "Version")))
end

--- Whether the player may see officer notes, or nil where the client cannot say.
function Game.seesOfficerNotes()
    local answered, seen = ask("C_GuildInfo.CanViewOfficerNote CanViewOfficerNote")
    if answered then
        return seen and seen ~= 0 or false
    end
    return nil
end

--- Asks the server for the roster. The client drops requests that follow each other within ten seconds.
function Game.requestRoster()
    ask("C_GuildInfo.GuildRoster GuildRoster")
end

--- Whether this flavour of the game lets addons read the roster at all.
function Game.canReadRoster()
    return find("GetGuildRosterInfo") ~= nil and find("GetNumGuildMembers") ~= nil
end

--- How many members the client knows at present, or nil where it does not say.
function Game.memberCount()
    local count = valuesOf(ask("GetNumGuildMembers"))
    if type(count) == "number" then
        return count
    end
    return nil
end

--- The answer to GetGuildRosterInfo, as `ask` gives it.
function Game.rosterRow(index)
    return ask("GetGuildRosterInfo", index)
end

--- Years, months, days and hours since the member was last online; nothing for a member who is online.
function Game.timeAway(index)
    return valuesOf(ask("GetGuildRosterLastOnline", index))
end

function Game.rankName(rankIndex)
    return asText(valuesOf(ask("GuildControlGetRankName", rankIndex + 1)))
end

--- Whether the roster lists members who are offline, or nil where the client cannot say.
function Game.showsOffline()
    local answered, shown = ask("GetGuildRosterShowOffline")
    if answered then
        return shown and shown ~= 0 or false
    end
    local setting = valuesOf(ask("C_CVar.GetCVar GetCVar", "guildShowOffline"))
    if setting == nil then
        return nil
    end
    return setting ~= "0"
end

function Game.showOffline(shown)
    ask("SetGuildRosterShowOffline", shown)
end

--- Whether a text is what the client shows for a name that it has not got yet.
function Game.isPlaceholder(name)
    return name == "" or name == UNKNOWNOBJECT
end

--- Whether the player's rank may edit public notes; what cannot be known is a no.
function Game.mayEditNotes()
    local answered, may = ask("C_GuildInfo.CanEditPublicNote CanEditPublicNote")
    return answered and may and may ~= 0 or false
end

--- Writes the public note of a member, which the game lets an addon do on a player's click alone. Gives whether it was asked
--- for; what became of it is told by the roster.
function Game.setNote(member, note)
    if find("C_GuildInfo.SetNote") then
        return member.guid ~= nil and (ask("C_GuildInfo.SetNote", member.guid, note, true))
    end
    return (ask("GuildRosterSetPublicNote", member.index, note))
end

--- A text on one line and as it is, where a bar would begin one of the game's marks.
function Game.plain(text)
    return (text:gsub("|", "||"):gsub("%c", " "))
end

--- Shows the player a line of chat.
function Game.say(sentence)
    print(ns.L.PREFIX:format(sentence))
end
