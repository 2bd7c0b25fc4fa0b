local addonName, ns = ...

local HANDLERS = {
    ADDON_LOADED = function(loaded)
        if loaded == addonName then
            ns.Export.prepare()
        end
    end,
    GUILD_ROSTER_UPDATE = ns.Roster.onUpdate,
    PLAYER_LOGOUT = ns.Exporter.stop,
}

local listener = CreateFrame("Frame")
for event in pairs(HANDLERS) do
    listener:RegisterEvent(event)
end
listener:SetScript("OnEvent", function(_, event, ...)
    HANDLERS[event](...)
end)
