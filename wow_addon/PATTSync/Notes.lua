local addonName, ns = ...
local Game, L, Offer, Offline, Roster = ns.Game, ns.L, ns.Offer, ns.Offline, ns.Roster

--- The proposed notes beside those of the roster, and writing one of them: on a click for it alone, as long as the note is the
--- one that the player has seen. What the game made of it is read again before it is said.
local Notes = {}
ns.Notes = Notes

local SECONDS_BETWEEN_STEPS = 0.5
local SECONDS_BETWEEN_WRITES = 2
local SECONDS_FOR_THE_GAME = 40
local READER = "notes"

local stepper = CreateFrame("Frame")
local rows, problem
local isOpen, isRead, isUpdated = false, false, false
local hasShownOffline = false
local lastWriteAt
--- The note under way: its row, what it is to be, what it was, and since when.
local writing

local function redraw()
    if isOpen then
        ns.Window.draw()
    end
end

--- Gives the one member of the roster who is the character of a row, with the place in the roster; nil if no one is.
local function memberIn(members, row)
    local found
    for place, member in ipairs(members) do
        if Offer.isOf(row, member) then
            if found then
                return nil
            end
            found = { index = place, guid = member.guid, note = member.note }
        end
    end
    return found and found.note and found
end

--- Takes note of what a row's note is now. A note that changes under the player's eyes has to be agreed to anew.
local function see(row, note)
    if row.shown ~= nil and row.shown ~= note and row ~= (writing and writing.row) then
        row.hasChanged, row.agreed = true, nil
        if row.wrote ~= nil and note ~= row.wrote then
            row.wrote, row.former = nil, nil
        end
        row.message = L.NOTE_HAS_CHANGED
    end
    row.shown = note
end

local function refresh()
    local members, reason = Roster.read()
    if not members then
        problem = reason
        Roster.awaitUpdate()
        return
    end
    problem, isRead, isUpdated = nil, true, false
    for _, row in ipairs(rows or {}) do
        local member = memberIn(members, row)
        row.isThere = member ~= nil
        if member then
            see(row, member.note)
        end
    end
end

--- Gives the member of a row as the roster has it at this moment, or nil and the reason.
local function memberNow(row)
    local members, reason = Roster.read()
    if not members then
        return nil, L.NOTES_NOT_NOW:format(reason)
    end
    local member = memberIn(members, row)
    if not member then
        return nil, L.NOTE_OF_NOBODY
    end
    return member
end

local function finish(message)
    local row = writing.row
    row.message = message
    writing = nil
    Game.say(L.NOTE_OUTCOME:format(Game.plain(row.name), message))
end

local function succeed()
    local row, former, wanted = writing.row, writing.former, writing.wanted
    if writing.isUndoing then
        row.wrote, row.former = nil, nil
        finish(L.NOTE_PUT_BACK)
    else
        row.wrote, row.former = wanted, former
        finish(L.NOTE_WRITTEN)
    end
end

--- Reads what the game made of the note under way.
local function confirm()
    local member = memberNow(writing.row)
    local note = member and member.note
    if note then
        writing.row.shown = note
    end
    if note == writing.wanted then
        succeed()
    elseif note and note ~= writing.former then
        writing.row.wrote, writing.row.former = note, writing.former
        finish(L.NOTE_KEPT_OTHERWISE:format(Game.plain(note)))
    end
end

local function showOffline()
    local shown = Game.showsOffline()
    if shown or (shown == nil and hasShownOffline) then
        Offline.keep(READER)
        return
    end
    hasShownOffline = true
    Roster.startOver()
    Offline.show(READER, shown)
end

local function isIdle()
    return not isOpen and not writing
end

local function rest()
    Offline.release(READER)
    hasShownOffline = false
    if isIdle() then
        stepper:Hide()
    end
end

local function readIfReady()
    local unready = Roster.whyNotReady()
    if unready then
        problem = isRead and problem or unready
    elseif not isRead or isUpdated then
        refresh()
    end
end

local function step()
    if isIdle() then
        rest()
        return
    end
    local obstacle = Game.obstacle()
    if obstacle then
        problem = L[obstacle]
        Offline.release(READER)
        hasShownOffline = false
        if writing then
            writing.since = Game.seconds()
        end
    elseif not rows then
        rows, problem = Offer.read()
        Roster.awaitUpdate()
    else
        problem = nil
        showOffline()
        Roster.request()
        readIfReady()
        if writing and Game.seconds() - writing.since > SECONDS_FOR_THE_GAME then
            finish(L.NOTE_NOT_TAKEN)
        end
    end
    redraw()
end

local function safeStep()
    local isDone, fault = pcall(step)
    if not isDone then
        problem = L.ERROR:format(tostring(fault))
        Notes.stop()
    end
end

--- Takes note that the roster has changed: only what the game tells after a note was written says whether it was.
function Notes.onUpdate()
    isUpdated = true
    if writing and not Game.obstacle() then
        confirm()
        redraw()
    end
end

--- Takes note that the game has refused something that an addon did.
function Notes.onRefusal(name)
    if name == addonName and writing then
        finish(L.NOTE_FORBIDDEN)
        redraw()
    end
end

--- Begins to show the proposed notes.
function Notes.open()
    rows, isRead, isOpen = nil, false, true
    safeStep()
    stepper:Show()
end

--- Ends showing them; a note under way is still confirmed.
function Notes.close()
    isOpen = false
    safeStep()
end

--- Drops everything without a word.
function Notes.stop()
    isOpen, writing = false, nil
    rest()
end

--- The rows to show: whose character is in the guild, and whose note is not what it should be, or was written just now.
function Notes.listed()
    local listed = {}
    for _, row in ipairs(isRead and rows or {}) do
        if row.isThere and (row.shown ~= row.proposed or row.message) then
            listed[#listed + 1] = row
        end
    end
    return listed
end

--- What stands above the list: what is in the way, or how many notes there are.
function Notes.status()
    if problem then
        return L.NOTES_WAIT:format(problem)
    end
    if not isRead then
        return L.NOTES_WAIT:format(L.NOT_ARRIVED)
    end
    if not Game.mayEditNotes() then
        return L.NOTES_NO_RIGHT
    end
    local absent = 0
    for _, row in ipairs(rows) do
        absent = absent + (row.isThere and 0 or 1)
    end
    return L.NOTES_COUNT:format(#Notes.listed(), absent)
end

--- What the button of a row says, or nil where it has none now.
function Notes.action(row)
    if writing and writing.row == row then
        return nil
    elseif row.wrote ~= nil and row.shown == row.wrote then
        return row.agreed and L.UNDO_ANYWAY or L.UNDO
    elseif row.shown == row.proposed then
        return nil
    end
    return row.agreed and L.WRITE_ANYWAY or L.WRITE
end

--- Gives the reason why nothing may be written at this moment, or nil.
local function whyNotNow()
    local obstacle = Game.obstacle()
    if obstacle then
        return L.NOTES_NOT_NOW:format(L[obstacle])
    elseif writing then
        return L.NOTES_ONE_BY_ONE
    elseif lastWriteAt and Game.seconds() - lastWriteAt < SECONDS_BETWEEN_WRITES then
        return L.NOTES_TOO_FAST
    elseif not Game.mayEditNotes() then
        return L.NOTES_NO_RIGHT
    end
    local reason = Offer.whyNot()
    return reason and L.NOTES_NOT_NOW:format(reason)
end

--- Whether the player has seen this note, and agreed to it where it is not the one that PATT or the addon knew.
local function isAgreed(row, note, expected)
    if note == row.shown and (row.agreed == note or (note == expected and not row.hasChanged)) then
        return true
    end
    row.shown, row.agreed = note, note
    row.message = L.NOTE_ASKS_AGAIN:format(Game.plain(note))
    return false
end

--- Writes the note of a row, or puts the former one back: what its button says, if nothing is in the way.
function Notes.press(row)
    local isUndoing = row.wrote ~= nil and row.shown == row.wrote
    local reason, member = whyNotNow(), nil
    if not reason then
        member, reason = memberNow(row)
    end
    if reason then
        row.message = reason
        return
    end
    local wanted, expected = row.proposed, row.seen
    if isUndoing then
        wanted, expected = row.former, row.wrote
    end
    if member.note == wanted then
        row.shown, row.message = member.note, L.NOTE_SAYS_SO
    elseif isAgreed(row, member.note, expected) then
        row.agreed, row.hasChanged, row.message = nil, nil, L.NOTE_UNDER_WAY
        writing = { row = row, wanted = wanted, former = member.note, since = Game.seconds(), isUndoing = isUndoing }
        lastWriteAt = Game.seconds()
        if not Game.setNote(member, wanted) and writing then
            finish(L.NOTE_NOT_TAKEN)
        end
        stepper:Show()
    end
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
