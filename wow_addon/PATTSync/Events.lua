local addonName, ns = ...

local HANDLERS = {
    ADDON_LOADED = function(loaded)
        if loaded == addonName then
            ns.Export.prepare()
        end
    end,
    GUILD_ROSTER_UPDATE = function()
        ns.Roster.onUpdate()
        ns.Notes.onUpdate()
    end,
    ADDON_ACTION_BLOCKED = ns.Notes.onRefusal,
    ADDON_ACTION_FORBIDDEN = ns.Notes.onRefusal,
    PLAYER_LOGOUT = function()
        ns.Exporter.stop()
        ns.Notes.stop()
    end,
}

local listener = CreateFrame("Frame")
for event in pairs(HANDLERS) do
    listener:RegisterEvent(event)
end
listener:SetScript("OnEvent", function(_, event, ...)
    HANDLERS[event](...)
end)
