-- The parts of the mock client that must be Lua: frames, events and secret values. Gives what the tests steer it with.
local knownEvents, sharesSecrets = ...
local frames, buttons = {}, {}
local isHardwareEvent = false

-- What frames, buttons, texts and textures have in common, as far as the addon needs it.
local methods = {}

function methods:RegisterEvent(event)
    if not knownEvents[event] then
        error("Attempt to register unknown event \"" .. tostring(event) .. "\"", 2)
    end
    self.events[event] = true
end

function methods:SetScript(script, handler)
    self.scripts[script] = handler
end

function methods:Show()
    self.isShown = true
end

function methods:Hide()
    local wasShown = self.isShown
    self.isShown = false
    if wasShown and self.scripts.OnHide then
        self.scripts.OnHide(self)
    end
end

function methods:IsShown()
    return self.isShown
end

function methods:SetText(text)
    if type(text) ~= "string" then
        error("Usage: SetText(\"text\")", 2)
    end
    self.text = text
end

function methods:SetEnabled(isEnabled)
    self.isEnabled = isEnabled
end

for _, name in ipairs({
    "SetSize", "SetWidth", "SetPoint", "SetAllPoints", "SetFrameStrata", "SetColorTexture", "SetJustifyH", "SetWordWrap",
    "EnableMouse", "SetMovable", "SetClampedToScreen", "RegisterForDrag", "StartMoving", "StopMovingOrSizing",
}) do
    methods[name] = function() end
end

local function widget(parent)
    return setmetatable({ events = {}, scripts = {}, isShown = true, isEnabled = true, parent = parent }, { __index = methods })
end

function methods:CreateFontString()
    local text = widget(self)
    self.texts = self.texts or {}
    self.texts[#self.texts + 1] = text
    return text
end

function methods:CreateTexture()
    return widget(self)
end

function CreateFrame(kind, name, parent)
    local frame = widget(parent)
    frames[#frames + 1] = frame
    if kind == "Button" then
        buttons[#buttons + 1] = frame
    end
    if name then
        _G[name] = frame
    end
    return frame
end

UIParent = widget()

local function isVisible(frame)
    while frame do
        if not frame.isShown then
            return false
        end
        frame = frame.parent
    end
    return true
end

-- The buttons that the player sees, each with the texts of the frame in which it lies.
local function visibleButtons()
    local seen = {}
    for _, button in ipairs(buttons) do
        if isVisible(button) then
            local beside = {}
            for _, text in ipairs(button.parent.texts or {}) do
                beside[#beside + 1] = text.text or ""
            end
            seen[#seen + 1] = { button, button.text, button.isEnabled, beside }
        end
    end
    return seen
end

local function click(button)
    isHardwareEvent = true
    local isDone, problem = pcall(button.scripts.OnClick, button, "LeftButton")
    isHardwareEvent = false
    if not isDone then
        error(problem, 0)
    end
end

local function isClicking()
    return isHardwareEvent
end

local function fire(event, ...)
    for _, frame in ipairs(frames) do
        if frame.events[event] and frame.scripts.OnEvent then
            frame.scripts.OnEvent(frame, event, ...)
        end
    end
end

local function update(elapsed)
    for _, frame in ipairs(frames) do
        if frame.isShown and frame.scripts.OnUpdate then
            frame.scripts.OnUpdate(frame, elapsed)
        end
    end
end

local function isBusy()
    for _, frame in ipairs(frames) do
        if frame.isShown and frame.scripts.OnUpdate then
            return true
        end
    end
    return false
end

local function refuse()
    error("attempt to look at a secret value", 2)
end

local secret = newproxy(true)
for _, operation in ipairs({
    "add", "sub", "mul", "div", "mod", "pow", "unm", "concat", "len", "eq", "lt", "le", "index", "newindex", "call", "tostring",
}) do
    getmetatable(secret)["__" .. operation] = refuse
end

-- As in the game, a secret tells its type and nothing else.
local typeOf = type
function type(value)
    return rawequal(value, secret) and "string" or typeOf(value)
end

if sharesSecrets then
    function issecretvalue(value)
        return rawequal(value, secret)
    end
end

function canaccessvalue(value)
    return not rawequal(value, secret)
end

SlashCmdList = {}

for _, name in ipairs({ "os", "io", "require", "module", "package", "loadfile", "dofile", "debug", "python" }) do
    _G[name] = nil
end

local function asFunction(callable)
    return function(...)
        return callable(...)
    end
end

return fire, update, isBusy, secret, asFunction, visibleButtons, click, isClicking
