-- The parts of the mock client that must be Lua: frames, events and secret values. Gives what the tests steer it with.
local knownEvents, sharesSecrets = ...
local frames = {}

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
    self.isShown = false
end

function CreateFrame()
    local frame = setmetatable({ events = {}, scripts = {}, isShown = true }, { __index = methods })
    frames[#frames + 1] = frame
    return frame
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

return fire, update, isBusy, secret, asFunction
