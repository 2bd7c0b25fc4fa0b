local _, ns = ...
local Game, L = ns.Game, ns.L

--- The notes that PATT proposes, as the companion wrote them into Proposals.lua: checked before anything is made of them.
local Offer = {}
ns.Offer = Offer

local SECONDS_A_DAY = 24 * 60 * 60
local OLDEST_DAYS = 7
local LONGEST_NOTE = 31
local LONGEST_BYTES = 2000
local MOST_NOTES = 1000
local NAME, PLACE, NOTE, PROPOSED, REASON, LOST = 1, 2, 3, 4, 5, 6

local function isText(value)
    return type(value) == "string" and #value <= LONGEST_BYTES
end

--- The letters of a text in UTF-8: all bytes but those that continue one.
local function lettersOf(text)
    return select(2, text:gsub("[^\128-\191]", ""))
end

--- Whether the game takes a text as a note and shows it as it is.
local function canBeNote(text)
    return isText(text) and text ~= "" and lettersOf(text) <= LONGEST_NOTE and not text:find("[%c|]")
end

--- What two ways of writing a realm have in common.
local function realmKey(realm)
    return (realm:gsub("[%s%.%-'()]", ""):gsub("\226\128\153", ""):lower())
end

local function keysOf(names)
    if type(names) ~= "table" or #names == 0 then
        return nil
    end
    local keys = {}
    for _, name in ipairs(names) do
        if not isText(name) then
            return nil
        end
        keys[realmKey(name)] = true
    end
    return keys
end

local function rowOf(note, places)
    if type(note) ~= "table" or type(note[PLACE]) ~= "number" then
        return nil
    end
    local realms = places[note[PLACE]]
    local isWhole = isText(note[NAME]) and isText(note[NOTE]) and isText(note[REASON]) and isText(note[LOST])
    if not (realms and isWhole and note[NAME] ~= "" and canBeNote(note[PROPOSED])) then
        return nil
    end
    return {
        name = note[NAME],
        realms = realms,
        seen = note[NOTE],
        proposed = note[PROPOSED],
        reason = note[REASON],
        lost = note[LOST],
    }
end

local function placesOf(file)
    local places = {}
    for number, names in ipairs(type(file.places) == "table" and file.places or {}) do
        places[number] = keysOf(names)
    end
    return places
end

--- Gives the rows of the file, or nil where it is not as the companion writes it.
local function rowsOf(file)
    if type(file.notes) ~= "table" or #file.notes > MOST_NOTES then
        return nil
    end
    local places, rows = placesOf(file), {}
    for number, note in ipairs(file.notes) do
        rows[number] = rowOf(note, places)
        if not rows[number] then
            return nil
        end
    end
    return rows
end

--- Whether a file names the guild that the player is in now; nil where the client has not told it yet.
local function isOfThisGuild(file)
    local name, realm = Game.guild()
    realm = realm or Game.ownRealm()
    if not (name and realm) then
        return nil
    end
    return name == file.guild and keysOf(file.realms)[realmKey(realm)] == true and Game.region() == file.region
end

--- Gives nil if the proposed notes may be used now, else the sentence that says why not.
function Offer.whyNot()
    local file = ns.proposals
    if file == nil then
        return L.NO_PROPOSALS
    end
    if type(file) ~= "table" or not isText(file.guild) or not keysOf(file.realms) or type(file.checkedAt) ~= "number" then
        return L.PROPOSALS_DAMAGED
    end
    if not Game.isInGuild() then
        return L.PROPOSALS_WITHOUT_GUILD
    end
    local isOurs = isOfThisGuild(file)
    if isOurs == nil then
        return L.PROPOSALS_WAIT_FOR_GUILD
    elseif not isOurs then
        return L.PROPOSALS_OF_ANOTHER_GUILD:format(Game.plain(file.guild))
    end
    local days = math.floor((Game.epoch() - file.checkedAt) / SECONDS_A_DAY)
    if days >= OLDEST_DAYS then
        return L.PROPOSALS_OLD:format(days)
    elseif days < -1 then
        return L.PROPOSALS_DAMAGED
    end
    return nil
end

--- Gives the notes that are proposed, or nil and the sentence that says why there are none.
function Offer.read()
    local reason = Offer.whyNot()
    if reason then
        return nil, reason
    end
    local rows = rowsOf(ns.proposals)
    if not rows then
        return nil, L.PROPOSALS_DAMAGED
    end
    return rows
end

--- Whether a member of the roster is the character of a row.
function Offer.isOf(row, member)
    return member.name == row.name and row.realms[realmKey(member.realm)] == true
end
