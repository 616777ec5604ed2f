"""Content filters that schools have, by words in the issuers they sign with. A hint, no proof."""

FILTERS = {
    "blocksi": "Blocksi",
    "blue coat": "Symantec (Blue Coat)",
    "bluecoat": "Symantec (Blue Coat)",
    "barracuda": "Barracuda",
    "cisco umbrella": "Cisco Umbrella",
    "contentkeeper": "ContentKeeper",
    "content keeper": "ContentKeeper",
    "deledao": "Deledao",
    "family zone": "Linewize",
    "forcepoint": "Forcepoint",
    "fortigate": "Fortinet",
    "fortinet": "Fortinet",
    "goguardian": "GoGuardian",
    "iboss": "iboss",
    "lightspeed": "Lightspeed",
    "linewize": "Linewize",
    "netskope": "Netskope",
    "netsweeper": "Netsweeper",
    "opendns": "Cisco Umbrella",
    "palo alto": "Palo Alto Networks",
    "securly": "Securly",
    "smoothwall": "Smoothwall",
    "sonicwall": "SonicWall",
    "sophos": "Sophos",
    "untangle": "Untangle",
    "watchguard": "WatchGuard",
    "zscaler": "Zscaler",
}


def filter_named_in(issuer: str) -> str | None:
    """The product whose words an issuer's name holds, or None."""
    words = issuer.casefold()
    return next((product for part, product in FILTERS.items() if part in words), None)
