local _, ns = ...
local Export, Game, L, Offline, Roster = ns.Export, ns.Game, ns.L, ns.Offline, ns.Roster

--- Brings an export about: waits until the roster may be read, asks for it, waits until it has arrived, reads it.
local Exporter = {}
ns.Exporter = Exporter

local SECONDS_BETWEEN_STEPS = 0.5
local SECONDS_UNTIL_GIVING_UP = 120
local READER = "export"

local stepper = CreateFrame("Frame")
--- The export under way: since when it has been trying, what is in its way, and why it did not succeed so far.
local run

--- How long ago something was, in words.
function Exporter.inWords(seconds)
    local minutes = math.floor(seconds / 60)
    if minutes < 60 then
        return L.MINUTES:format(minutes)
    end
    local hours = math.floor(minutes / 60)
    if hours < 48 then
        return L.HOURS:format(hours)
    end
    return L.DAYS:format(math.floor(hours / 24))
end

--- The roster leaves out members who are offline while the player has hidden them in the guild window.
local function showOffline()
    local shown = Game.showsOffline()
    if shown or (shown == nil and run.hasShownOffline) then
        Offline.keep(READER)
        return
    end
    if run.hasShownOffline then
        run.failure = L.OFFLINE_HIDDEN
    end
    run.hasShownOffline = true
    Roster.startOver()
    Offline.show(READER, shown)
end

local function restoreOffline()
    Offline.release(READER)
end

local function finish(sentence)
    restoreOffline()
    run = nil
    stepper:Hide()
    Game.say(sentence)
end

local function fail(reason)
    local last = Export.last()
    local rest = last and L.KEPT:format(Exporter.inWords(Export.age(last))) or L.NONE_KEPT
    finish(L.FAILED:format(reason, rest))
end

local function succeed(rows)
    local export = Export.store(rows)
    local remark = export.canViewOfficerNotes == false and L.OFFICER_NOTES_HIDDEN or ""
    finish(L.EXPORTED:format(export.guildName or L.NO_GUILD_NAME, export.memberCount, remark))
end

--- Reads the roster if it is ready; where that fails, it is read again after the next update.
local function attempt()
    local unready = Roster.whyNotReady()
    if unready then
        run.unready = unready
        return
    end
    local rows, reason = Roster.read()
    if rows then
        succeed(rows)
        return
    end
    run.failure = reason
    Roster.awaitUpdate()
end

local function waitFor(obstacle)
    restoreOffline()
    run.obstacle = obstacle
    if not run.hasToldOfWaiting then
        run.hasToldOfWaiting = true
        Game.say(L.WAITING:format(L[obstacle]))
    end
end

local function beginTrying()
    run.obstacle, run.hasShownOffline = nil, false
    run.since = Game.seconds()
    Roster.awaitUpdate()
end

local function step()
    local obstacle = Game.obstacle()
    if obstacle then
        waitFor(obstacle)
        return
    end
    if run.obstacle or not run.since then
        beginTrying()
    end
    if not Game.isInGuild() then
        fail(L.NO_GUILD)
    elseif not Game.canReadRoster() then
        fail(L.UNREADABLE)
    elseif Game.seconds() - run.since > SECONDS_UNTIL_GIVING_UP then
        fail(run.failure or run.unready)
    else
        showOffline()
        Roster.request()
        attempt()
    end
end

--- An error must neither come back twice a second nor leave the player's setting changed.
local function safeStep()
    local isDone, problem = pcall(step)
    if not isDone and run then
        fail(L.ERROR:format(tostring(problem)))
    end
end

--- What an export under way waits for, or nil where none is.
function Exporter.pending()
    if not run then
        return nil
    end
    return run.obstacle and L[run.obstacle] or run.failure or run.unready or L.NOT_ARRIVED
end

--- Begins an export; one that is under way goes on.
function Exporter.start()
    if run then
        Game.say(L.STILL_BUSY:format(Exporter.pending()))
        return
    end
    Exporter.restart()
end

--- Begins an export anew, whatever is under way.
function Exporter.restart()
    run = {}
    safeStep()
    if run then
        stepper:Show()
        if not run.obstacle then
            Game.say(L.STARTED)
        end
    end
end

--- Drops what is under way without a word, since the game is about to unload the addon.
function Exporter.stop()
    restoreOffline()
    run = nil
    stepper:Hide()
end

local sinceStep = 0
stepper:Hide()
stepper:SetScript("OnUpdate", function(_, elapsed)
    sinceStep = sinceStep + elapsed
    if sinceStep >= SECONDS_BETWEEN_STEPS then
        sinceStep = 0
        safeStep()
    end
end)
