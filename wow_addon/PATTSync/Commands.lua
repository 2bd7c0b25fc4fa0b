local _, ns = ...
local Export, Exporter, Game, L = ns.Export, ns.Exporter, ns.Game, ns.L

local function showHelp()
    for _, line in ipairs(L.HELP) do
        Game.say(line)
    end
end

local function showLastExport()
    local last = Export.last()
    if not last then
        Game.say(L.STATUS_NONE)
        return
    end
    local guild = type(last.guildName) == "string" and last.guildName or L.NO_GUILD_NAME
    local age = Exporter.inWords(Export.age(last))
    Game.say(L.STATUS_LAST:format(guild, last.memberCount, age, tostring(last.exportId or "-")))
    if Export.isUnsaved() then
        Game.say(L.STATUS_UNSAVED)
    end
end

local function showStatus()
    showLastExport()
    local pending = Exporter.pending()
    Game.say(pending and L.STATUS_BUSY:format(pending) or L.STATUS_IDLE)
end

local COMMANDS = {
    [""] = Exporter.start,
    force = Exporter.restart,
    notes = function()
        ns.Window.toggle()
    end,
    status = showStatus,
    help = showHelp,
}

SLASH_PATTSYNC1 = "/pattsync"
SlashCmdList.PATTSYNC = function(typed)
    local word = typed:lower():match("^%s*(.-)%s*$")
    local command = COMMANDS[word]
    if command then
        command()
    else
        Game.say(L.UNKNOWN_COMMAND:format(word))
        showHelp()
    end
end
