"""The page that tests a room: plain HTML, with everything it may show already in it.

Its script only fills in numbers and shows what applies, so that all words stand here.
"""

from html import escape

from msgspec import Struct

from ..schools.checks import name_key
from .calls import CALL_BITS_PER_SECOND
from .model import Room
from .servers import Missing, PageServer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/measure/measure.css">
<title>{title}</title>
{script}</head>
<body>
<main{data}>
{body}
</main>
</body>
</html>
"""

SCRIPT = '<script src="/measure/measure.js" defer></script>\n'

TEST = """<p class="place">{place}</p>
<h1 id="heading" tabindex="-1">How good is the network here?</h1>
<p id="intro" class="lead">The test takes about half a minute. {kept}</p>
<p><button id="start" type="button">Test {here}</button></p>
<div id="code">{code}</div>
<noscript><p class="problem">The test needs JavaScript, which is turned off in this browser.</p>
</noscript>
<section id="progress" tabindex="-1" hidden>
<p id="phase" class="phase">Getting ready</p>
<progress id="bar" max="1" value="0" aria-labelledby="phase"></progress>
<p class="note">Keep this page open, and don't use this device for anything else meanwhile.</p>
</section>
<section id="answer" tabindex="-1" hidden>
<h1 id="verdict" class="verdict"></h1>
<p id="meaning" class="lead"></p>
<p id="it" class="problem" hidden><strong>Tell IT:</strong> <span id="to-it"></span></p>
<p id="kept" class="note"></p>
<p><button id="again" class="second" type="button">Test again</button></p>
<details id="details"><summary>Details</summary><dl id="facts"></dl></details>
</section>
<p id="said" class="only-read" role="status" aria-live="polite"></p>
<footer><p>One video call is counted as {call} Mbps each way: high definition, in a group. What is
measured is this device's way to the test server, at this moment, beside everybody else's use.</p>
<p>{privacy}</p></footer>"""

MESSAGE = """<h1>{heading}</h1>
{paragraphs}"""

ASK_CODE = """<form action="/measure" method="get">
<p><label for="room">Is there a sheet with a room code? Type it here:</label></p>
<p class="typing"><input id="room" name="room" maxlength="20" required autocomplete="off"
autocapitalize="characters" spellcheck="false" placeholder="0000-0000">
<button class="second" type="submit">Go to the room</button></p>
</form>"""

KEPT = "The result is kept for this room."
NOT_KEPT = "It has no room code, so you see the result and nothing is kept."
PRIVACY = (
    "Only the speeds, the delay, the room and the time are kept: nothing about you or this device."
)
PRIVACY_WITHOUT_ROOM = "Nothing is kept: not the result, and nothing about you or this device."

NO_SERVER = (
    "There is nothing to test with yet",
    "No test server is set up for this place.",
    (
        "<strong>Tell IT:</strong> start a test server in this school, with <code>broadgauge-agent "
        "reflector</code>, and register it, with <code>broadgauge reflectors add</code>."
    ),
)
NOT_SECURE = (
    "Browsers can't test here yet",
    (
        "This page came over a secure connection, and browsers don't let such a page use a test "
        "server that has none."
    ),
    (
        "<strong>Tell IT:</strong> give the test server a certificate that browsers trust, and "
        "register it with <code>broadgauge reflectors set NAME --tls</code>."
    ),
)
UNKNOWN_CODE = (
    "This room code doesn't work",
    "Nobody made it, or it was withdrawn and the sheet on the wall is an old one.",
    (
        "If you typed it, compare it with the sheet: it has eight letters and digits. If you "
        "scanned it, ask IT to print the school's sheet again."
    ),
    '<a class="button" href="/measure">Type the code, or test without one</a>',
)
TOO_MANY_CODES = (
    "Too many room codes that don't work",
    "They came from this network within a minute. Wait a minute, then try again.",
)


class Shown(Struct, frozen=True):
    """A page, and the sources beside this server that its content policy must allow."""

    html: str
    sources: str = ""


def test_page(room: Room | None, server: PageServer | Missing) -> Shown:
    """The page for a room, or for no room in particular; without a test server, what to do."""
    if not isinstance(server, PageServer):
        return message(NO_SERVER if server == "none" else NOT_SECURE)
    body = TEST.format(
        place=_place(room),
        kept=KEPT if room else NOT_KEPT,
        here="this room" if room else "the network here",
        code="" if room else ASK_CODE,
        call=f"{CALL_BITS_PER_SECOND / 1e6:g}",
        privacy=PRIVACY if room else PRIVACY_WITHOUT_ROOM,
    )
    title = f"Test {room.name}" if room else "Test the network here"
    return Shown(_page(title, body, SCRIPT, _data(room, server)), server.policy_sources)


def message(words: tuple[str, ...]) -> Shown:
    """A page with a heading and what to do; the words are our own markup."""
    heading, *paragraphs = words
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return Shown(_page(heading, MESSAGE.format(heading=heading, paragraphs=body)))


def page_policy(sources: str) -> str:
    """The content policy of a page or worker: this server, and the test server's address."""
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
        f"img-src data:; connect-src 'self' {sources}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def place_of(room: Room) -> str:
    """A room and its school, the school's name once where the room is called like it."""
    same = name_key(room.name) == name_key(room.school)
    return room.name if same else f"{room.name}, {room.school}"


def _place(room: Room | None) -> str:
    return escape(place_of(room)) if room else "Network test"


def _data(room: Room | None, server: PageServer) -> str:
    facts = {
        "server": server.address,
        "server-name": server.reflector.name,
        "reflector": str(server.reflector.id),
        "room": room.code if room else "",
        "place": place_of(room) if room else "",
        "call": str(CALL_BITS_PER_SECOND),
    }
    return "".join(f' data-{name}="{escape(value)}"' for name, value in facts.items())


def _page(title: str, body: str, script: str = "", data: str = "") -> str:
    return PAGE.format(title=f"{escape(title)} - broadgauge", body=body, script=script, data=data)
