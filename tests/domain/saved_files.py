"""SavedVariables files as clients write them, and what becomes of them."""

import pytest

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.saved_variables import LuaValue, parse_saved_variables

CURRENT_CLIENT = b"""
PATTSyncDB = {
["lastExport"] = {
["characters"] = {
{
["name"] = "Brightmane",
["realm"] = "Kel'Thuzad",
["level"] = 80,
["isOnline"] = false,
},
{
["name"] = "Opal",
["note"] = "Alt of \\"Bright\\"",
},
},
},
["totalExports"] = 3,
}
PATTSyncOptions = nil
"""

OLDER_CLIENT = b"""
PATTSyncDB = {
\t["lastExport"] = {
\t\t["characters"] = {
\t\t\t{
\t\t\t\t["name"] = "Brightmane",
\t\t\t\t["realm"] = "Kel'Thuzad",
\t\t\t\t["level"] = 80,
\t\t\t\t["isOnline"] = false,
\t\t\t}, -- [1]
\t\t\t{
\t\t\t\t["name"] = "Opal",
\t\t\t\t["note"] = "Alt of \\"Bright\\"",
\t\t\t}, -- [2]
\t\t},
\t},
\t["totalExports"] = 3,
}
PATTSyncOptions = nil
"""


def value_of(expression: bytes) -> LuaValue:
    return parse_saved_variables(b"X = " + expression + b"\n")["X"]


def sentence_for(source: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        parse_saved_variables(source)
    return str(refused.value)
