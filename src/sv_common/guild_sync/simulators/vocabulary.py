"""Invented words for simulated guilds. No name here belongs to a real guild."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(text.split("; "))


NAME_STARTS = _words(
    "Amber Ashen Bramble Briar Bright Cinder Clover Copper Coral Crag Dapple Dawn Drift Dusk Elder Ember Fable "
    "Fern Flint Garnet Gale Glim Hazel Heath Hollow Ivory Jasper Juniper Kelp Lark Laurel Lichen Linden Lumen "
    "Maple Marl Mire Mist Nettle Nimbus Oaken Onyx Pebble Quill Rowan Russet Saffron Sedge Silver Sorrel "
    "Thistle Umber Velvet Willow Yarrow"
)
NAME_ENDS = _words(
    "bark beck bell bloom bough brace brook burr claw cleft crest dale dell fall feather fen fjord glen grove "
    "helm hide horn knell leaf lock loom lynx mane mantle mark mere moor peak plume quell reed ridge root song "
    "spire spur strand thorn tide vale vane veil walk weft whisk wick wing wood wynd"
)

NICKNAMES = _words(
    "Robin Kip Opal Juno Bix Wren Tavi Odo Zuzu Fenno Kazoo Yoyo Biscuit Pickle Noodle Jojo Mochi Sprout Turnip Waffle"
)

ALT_FORMS = _phrases(
    "{main}; {lower}; alt of {main}; Alt of {main}; {main}'s alt; {main}s alt; {main} Alt; Alt {main}; "
    "ALT-{main}; alt: {main}; [MAIN:{main}]; owner={main}; Twink von {main}; {main} - Alch 225; {main} / tank; "
    "{main}'s bank; {main}`s bank"
)
DISCORD_FORMS = ("@{username}", "Discord: {username}", "DC: {username}")

NOBODY_NOTES = _phrases(
    "Alch 300 / Herb 300; A 300 H 300; BS/Eng; Holy; Fury; Leatherworking; Mining 225; Off tank; Bank; Banker; "
    "Joined: 12 Mar '18; 2020-12-05; 03-12-18; ?; Alt?; needs more cheese"
)
MAIN_NOTES = ("", "", "", "Main", "<M>", "[Main]", "Main / Fury / BS 300", "Alch 300 / Herb 300", "Joined: 2018-12-25")
OFFICER_NOTES = ("", "", "", "", "", "DKP:50", "{123}", "[D]-20200102", "trial until Friday")

DISPLAY_FORMS = _phrases(
    "{main}; {main}; {main}; {lower}; ⚔ {main}; {main} 🔥; {main} | raid lead; Sir {main}; {main} (they/them); "
    "✨{main}✨"
)

RANK_NAMES = ("Guild Master", "Officer", "Veteran", "Raider", "Member", "Initiate", "Social")

TRAP_NAMES = _words(
    "Shodoom Showertune Tideling Grimrokk Grimaldo Velquin Ton washington Nael Naël Naél Naèl Isolt "
    "Oakmantle Oakling chris Pinefeather christopher Ravenlode Blackwater Tailor Needlepin sho"
)
"""Names that a careless reader of notes takes for one another; they are part of one another on purpose."""
