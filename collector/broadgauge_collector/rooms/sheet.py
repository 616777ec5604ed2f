"""The printed sheet of a school: a card for each room, to cut out and put on its wall."""

from html import escape
from urllib.parse import urlsplit

import segno

from ..config import is_loopback
from ..schools.model import School
from .codes import shown_code
from .model import Room

SHEET = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/measure/sheet.css">
<title>Rooms of {school} - broadgauge</title>
</head>
<body>
<header class="screen">
<p><a href="/school/{school_id}">Back to {school}</a></p>
<h1>Rooms of {school}</h1>
{made_up}<p>{about}</p>
{caution}</header>
<main>
{cards}
</main>
</body>
</html>
"""

ABOUT = """Print this page with the browser (Ctrl+P, or Command+P on a Mac): four cards a page, in
black. Cut them out and put one on the wall of each room. Anybody in the room can scan it."""

NO_ROOMS = """There is no code yet. Make some on the school's page, or with
<code>broadgauge rooms add --school "{school}" "Room 12"</code>"""

ONLY_HERE = """<p class="caution"><strong>Phones can't open this yet:</strong> {address} is an
address that only this machine has. Start the server with <code>--host</code> and an address that
the school's devices reach, before you print.</p>
"""

MADE_UP = """<p class="caution"><strong>Simulated data:</strong> this school is made up for a
demonstration.</p>
"""

CARD = """<article class="card">
<h2>{room}</h2>
<p class="school">{school}</p>
{picture}
<p class="do">How good is the network in this room? <strong>Scan the code with a camera</strong>,
then press <em>Test this room</em>. It takes half a minute.</p>
<p class="typed">Or open <strong>{address}</strong> and type {code}</p>
<p class="small">Only the speeds, the delay, the room and the time are kept: nothing about you.</p>
</article>"""


def sheet(school: School, rooms: tuple[Room, ...], public_url: str) -> str:
    """The page, with an address that the QR codes and the words both name."""
    name = escape(school.name)
    return SHEET.format(
        school=name,
        school_id=school.id,
        made_up=MADE_UP if school.simulated else "",
        caution=ONLY_HERE.format(address=escape(public_url)) if _is_only_here(public_url) else "",
        about=ABOUT if rooms else NO_ROOMS.format(school=name),
        cards="\n".join(_card(room, public_url) for room in rooms),
    )


def room_address(room: Room, public_url: str) -> str:
    """Where a room is tested: what its QR code holds."""
    return f"{public_url}/measure?room={room.code}"


def _is_only_here(public_url: str) -> bool:
    return is_loopback(urlsplit(public_url).hostname or "")


def _card(room: Room, public_url: str) -> str:
    return CARD.format(
        room=escape(room.name),
        school=escape(room.school),
        picture=_picture(room_address(room, public_url)),
        address=escape(f"{public_url}/measure"),
        code=f'<span class="code">{shown_code(room.code)}</span>',
    )


def _picture(address: str) -> str:
    code = segno.make_qr(address, error="m", boost_error=True)
    drawn = code.svg_inline(border=4, omitsize=True, svgclass="qr")
    # Paper is white, whatever the screen's colors are.
    return (
        f'<div class="picture" role="img" aria-label="QR code of the address below">{drawn}</div>'
    )
