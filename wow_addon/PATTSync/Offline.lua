local _, ns = ...
local Game = ns.Game

--- Members who are offline, shown while somebody reads the roster: the player's setting comes back when the last one is done.
local Offline = {}
ns.Offline = Offline

local readers = {}
local isHidingOwed = false

--- Shows members who are offline, for a reader. `shown` is whether they were; nil where the client cannot say.
function Offline.show(reader, shown)
    readers[reader] = true
    isHidingOwed = isHidingOwed or shown == false
    Game.showOffline(true)
end

--- Keeps them shown, for a reader.
function Offline.keep(reader)
    readers[reader] = true
end

--- Puts the player's setting back, unless another reader still needs it.
function Offline.release(reader)
    readers[reader] = nil
    if isHidingOwed and next(readers) == nil then
        isHidingOwed = false
        Game.showOffline(false)
    end
end
