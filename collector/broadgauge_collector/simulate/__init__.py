"""Made-up districts that talk to a running collector as agents do, and say in every result that
they are made up.

`world` says who there is, `lines` and `measurements` what is measured there, by seed and day alone;
`setting_up`, `history` and `live` tell a collector, over its own API.
"""
