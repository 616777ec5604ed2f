"""Limits both sides hold to, each with its reason."""

MAX_BATCH_RESULTS = 500
"""A batch is one transaction's worth of work for a collector and one request for an agent."""

MAX_KINDS = 50
"""More kinds of results than any release will have."""

MAX_BATCH_BYTES = 8 * 1024 * 1024
"""After decompression. 500 results with full inventories stay far below; a zip bomb does not."""

MAX_COMPRESSED_BYTES = 2 * 1024 * 1024
"""As sent. An honest batch of the largest size compresses to less than this."""

MAX_TEXT = 200
"""Characters in a name, model or version: longer ones are not names."""

MAX_EXPLANATION = 1000
"""Characters in an error or a reason."""

MAX_RATE_BITS_PER_SECOND = 1e13
"""10 Tbit/s: above any school's line, below nonsense."""

MAX_CLOCK_LEAD_SECONDS = 24 * 3600
"""A result may be dated this far ahead of the collector's clock, and no further."""

EARLIEST_YEAR = 2020
"""A result dated before this year comes from a clock that lost its battery."""

MAX_SLOT_SECONDS = 300.0
"""A line is given to one test for no longer: a day has room for others."""

MAX_SLOT_LINES = 24
"""Shared lines on the way of one test: a token with more would not fit into a request."""

MAX_SLOT_WAIT_SECONDS = 300.0
"""A slot is given no further ahead: an agent that is gone by then would keep others waiting."""

MAX_PLAN_SPANS = 2000
"""More than a week of quarters of an hour."""

API_PREFIX = "/api/v1"

ACCESS_PARAMETER = "access_token"
"""Of a test's URL: where M-Lab's own servers expect their tokens, too."""

ACCESS_ALGORITHM = "HS256"
"""What access tokens are signed with: collector and test server share the key."""

SLOT_CLAIM = "slot"
"""Of an access token that is for one slot: what the test server keeps to."""

ASKS_FOR_SLOTS = "asks_for_slots"
"""Claim of an access token whose owner asks for slots: without one, it tests as a stranger does."""

WIDEST_PREFIX = {4: 8, 6: 32}
"""In bits, of a listed subnet by IP version. 10.0.0.0/8 is the widest private range, and /32 what a
state's network is given; wider ones hold other people's networks, whoever lists them."""
