local _, ns = ...
local Game, L, Notes = ns.Game, ns.L, ns.Notes

--- The window of the proposed notes. Its frames are the addon's own and are made when it is first opened.
local Window = {}
ns.Window = Window

local ROWS = 8
local WIDTH, HEIGHT, ROW_HEIGHT, TOP, MARGIN = 720, 520, 50, 62, 14
local BUTTON_WIDTH = 130

local frame, title, status, pages, back, onward
local lines = {}
local page = 1

local function textIn(parent, font)
    local text = parent:CreateFontString(nil, "OVERLAY", font)
    text:SetJustifyH("LEFT")
    text:SetWordWrap(false)
    return text
end

local function buttonIn(parent, label, width, onClick)
    local button = CreateFrame("Button", nil, parent, "UIPanelButtonTemplate")
    button:SetSize(width, 24)
    button:SetText(label)
    button:SetScript("OnClick", onClick)
    return button
end

local function makeLine(number)
    local line = CreateFrame("Frame", nil, frame)
    line:SetSize(WIDTH - 2 * MARGIN, ROW_HEIGHT)
    line:SetPoint("TOPLEFT", frame, "TOPLEFT", MARGIN, -TOP - (number - 1) * ROW_HEIGHT)
    local width = WIDTH - 3 * MARGIN - BUTTON_WIDTH
    line.change, line.reason, line.message =
        textIn(line, "GameFontHighlight"), textIn(line, "GameFontNormalSmall"), textIn(line, "GameFontHighlightSmall")
    for place, text in ipairs({ line.change, line.reason, line.message }) do
        text:SetPoint("TOPLEFT", line, "TOPLEFT", 0, -(place - 1) * 16)
        text:SetWidth(width)
    end
    line.button = buttonIn(line, "", BUTTON_WIDTH, function()
        Notes.press(line.row)
        Window.draw()
    end)
    line.button:SetPoint("RIGHT", line, "RIGHT", 0, 0)
    return line
end

local function turn(by)
    page = page + by
    Window.draw()
end

local function make()
    frame = CreateFrame("Frame", nil, UIParent)
    frame:Hide()
    frame:SetSize(WIDTH, HEIGHT)
    frame:SetPoint("CENTER")
    frame:SetFrameStrata("DIALOG")
    local background = frame:CreateTexture(nil, "BACKGROUND")
    background:SetAllPoints()
    background:SetColorTexture(0.05, 0.05, 0.07, 0.95)
    frame:EnableMouse(true)
    frame:SetMovable(true)
    frame:SetClampedToScreen(true)
    frame:RegisterForDrag("LeftButton")
    frame:SetScript("OnDragStart", frame.StartMoving)
    frame:SetScript("OnDragStop", frame.StopMovingOrSizing)
    frame:SetScript("OnHide", Notes.close)
    title, status, pages = textIn(frame, "GameFontNormalLarge"), textIn(frame, "GameFontHighlight"), textIn(frame, "GameFontHighlight")
    title:SetPoint("TOPLEFT", frame, "TOPLEFT", MARGIN, -MARGIN)
    title:SetText(L.NOTES_TITLE)
    status:SetPoint("TOPLEFT", frame, "TOPLEFT", MARGIN, -MARGIN - 24)
    status:SetWidth(WIDTH - 2 * MARGIN)
    pages:SetPoint("BOTTOM", frame, "BOTTOM", 0, MARGIN + 4)
    back = buttonIn(frame, L.PAGE_BACK, 90, function() turn(-1) end)
    back:SetPoint("BOTTOMLEFT", frame, "BOTTOMLEFT", MARGIN, MARGIN)
    onward = buttonIn(frame, L.PAGE_ONWARD, 90, function() turn(1) end)
    onward:SetPoint("BOTTOMRIGHT", frame, "BOTTOMRIGHT", -MARGIN, MARGIN)
    local close = buttonIn(frame, L.CLOSE, 90, function() frame:Hide() end)
    close:SetPoint("TOPRIGHT", frame, "TOPRIGHT", -MARGIN, -MARGIN)
    for number = 1, ROWS do
        lines[number] = makeLine(number)
    end
end

local function noteInWords(note)
    return note == "" and L.NOTE_IS_EMPTY or L.NOTE_QUOTED:format(Game.plain(note))
end

local function drawLine(line, row)
    line.row = row
    if not row then
        line:Hide()
        return
    end
    local isWritten = row.wrote ~= nil and row.shown == row.wrote
    local wanted = isWritten and row.former or row.proposed
    line.change:SetText(L.NOTE_CHANGE:format(Game.plain(row.name), noteInWords(row.shown), noteInWords(wanted)))
    local lost = row.lost ~= "" and L.NOTE_LOSES:format(Game.plain(row.lost)) or ""
    line.reason:SetText(Game.plain(row.reason) .. lost)
    local differs = row.shown ~= row.seen and not isWritten and L.NOTE_DIFFERS:format(noteInWords(row.seen)) or ""
    line.message:SetText(row.message or differs)
    local action = Notes.action(row)
    if action then
        line.button:SetText(action)
        line.button:Show()
    else
        line.button:Hide()
    end
    line:Show()
end

--- Shows the notes as they are known now.
function Window.draw()
    local listed = Notes.listed()
    local last = math.max(1, math.ceil(#listed / ROWS))
    page = math.min(math.max(page, 1), last)
    status:SetText(Notes.status())
    pages:SetText(L.PAGE_OF:format(page, last))
    back:SetEnabled(page > 1)
    onward:SetEnabled(page < last)
    for number, line in ipairs(lines) do
        drawLine(line, listed[(page - 1) * ROWS + number])
    end
end

--- Opens the window, or closes it.
function Window.toggle()
    if not frame then
        make()
    end
    if frame:IsShown() then
        frame:Hide()
        return
    end
    page = 1
    frame:Show()
    Notes.open()
    Window.draw()
end
