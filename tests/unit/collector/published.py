"""Published lives brought in as devices, on days that make their ages the published ones."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from tests.unit.collector.test_api_imports import Importing

SCHOOL = "Lincoln Elementary"
BEGAN = date(1981, 1, 1)
"""The day on which every device is bought, unless it is watched late: long enough ago for all
that follows."""

DEVICES = "Serial Number,Model,School,Purchase Date,Status,Retired On"
TICKETS = "Ticket #,Opened,Serial,Category"

# Freireich et al. 1963, as in Cox and Oakes and in Klein and Moeschberger: weeks of remission.
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"

# Miller, Survival Analysis (1981): weeks; R's `aml`.
MAINTAINED = "9 13 13+ 18 23 28+ 31 34 45+ 48 161+"
NOT_MAINTAINED = "5 5 8 8 12 16+ 23 27 30 33 43 45"

# Loprinzi et al. 1994, North Central Cancer Treatment Group: days; R's `lung`.
LUNG = """
306 455 1010+ 210 883 1022+ 310 361 218 166 170 654 728 71 567 144 613 707 61 88 301 81 624 371
394 520 574 118 390 12 473 26 533 107 53 122 814 965+ 93 731 460 153 433 145 583 95 303 519 643
765 735 189 53 246 689 65 5 132 687 345 444 223 175 60 163 65 208 821+ 428 230 840+ 305 11 132
226 426 705 363 11 176 791 95 196+ 167 806+ 284 641 147 740+ 163 655 239 88 245 588+ 30 179 310
477 166 559+ 450 364 107 177 156 529+ 11 429 351 15 181 283 201 524 13 212 524 288 363 442 199
550 54 558 207 92 60 551+ 543+ 293 202 353 511+ 267 511+ 371 387 457 337 201 404+ 222 62 458+
356+ 353 163 31 340 229 444+ 315+ 182 156 329 364+ 291 179 376+ 384+ 268 292+ 142 413+ 266+ 194
320 181 285 301+ 348 197 382+ 303+ 296+ 180 186 145 269+ 300+ 284+ 350 272+ 292+ 332+ 285 259+
110 286 270 81 131 225+ 269 225+ 243+ 279+ 276+ 135 79 59 240+ 202+ 235+ 105 224+ 239 237+ 173+
252+ 221+ 185+ 92+ 13 222+ 192+ 183 211+ 175+ 197+ 203+ 116 188+ 191+ 105+ 174+ 177+
"""

# Lieblein and Zelen 1956: millions of revolutions of ball bearings.
BEARINGS = (
    "17.88 28.92 33.00 41.52 42.12 45.60 48.48 51.84 51.96 54.12 55.56 67.80 68.64 68.64 68.88 "
    "84.12 93.12 98.64 105.12 105.84 127.92 128.04 173.40"
)

# NIST/SEMATECH e-Handbook of Statistical Methods, 8.4.1.2: hours.
HANDBOOK = "54 187 216 240 244 335 361 373 375 386" + 10 * " 500+"

# Nelson, Applied Life Data Analysis (1982): minutes to breakdown of a fluid at 34 kV, and
# thousands of miles of locomotive controls.
FLUID = (
    "0.19 0.78 0.96 1.31 2.78 3.16 4.15 4.67 4.85 6.50 7.35 8.01 8.27 12.06 31.75 32.52 33.91 "
    "36.71 72.89"
)
CONTROLS = (
    "22.5 37.5 46.0 48.5 51.5 53.0 54.5 57.5 66.5 68.0 69.5 76.5 77.0 78.5 80.0 81.5 82.0 83.0 "
    "84.0 91.5 93.5 102.5 107.0 108.5 112.5 113.5 116.0 117.0 118.5 119.0 120.0 122.5 123.0 127.5 "
    "131.0 132.5 134.0"
) + 59 * " 135+"

# Nelson 1995: days at which 41 engines had a valve seat replaced, and were last seen (+).
ENGINES = """
761+ 759+ 98,667+ 326,653,653,667+ 665+ 84,667+ 87,663+ 646,653+ 92,653+ 651+
258,328,377,621,650+ 61,539,648+ 254,276,298,640,644+ 76,538,642+ 635,641+ 349,404,561,649+ 631+
596+ 120,479,614+ 323,449,582+ 139,139,589+ 593+ 573,589+ 165,408,604,606+ 249,594+ 344,497,613+
265,586,595+ 166,206,348,389+ 601+ 410,581,601+ 611+ 608+ 587+ 367,603+ 202,563,570,585+ 587+
578+ 578+ 586+ 585+ 582+
"""

# Doll and Hill 1966, in Rothman: deaths and person-years of smokers, and of others, by age.
DOCTORS = {
    "35-44": (32, 52407, 2, 18790),
    "45-54": (104, 43248, 12, 10673),
    "55-64": (206, 28612, 28, 5710),
    "65-74": (186, 12663, 28, 2585),
    "75-84": (102, 5317, 31, 1462),
}

# Gaver and O'Muircheartaigh 1987: failures of pumps in thousands of hours.
PUMPS = (
    (5, 94.32), (1, 15.72), (5, 62.88), (14, 125.76), (3, 5.24), (19, 31.44), (1, 1.048),
    (1, 1.048), (4, 2.096), (22, 10.48),
)  # fmt: skip


class Life(Struct, frozen=True, kw_only=True):
    """Of a device, in days of age."""

    ends: int
    repairs: tuple[int, ...] = ()
    entry: int = 0
    """It is watched after this age; 0: from new."""
    model: str = "HP 11"
    school: str = SCHOOL


def lives(said: str, days: int = 1) -> list[Life]:
    """Of ages at first repair in units of so many days, as textbooks print them; +: censored."""
    found = []
    for each in said.split():
        age = round(float(each.rstrip("+")) * days)
        found.append(Life(ends=age, repairs=() if each.endswith("+") else (age,)))
    return found


def engines() -> list[Life]:
    """Nelson's."""
    found = []
    for one in ENGINES.split():
        *repairs, ends = one.rstrip("+").split(",")
        found.append(Life(ends=int(ends), repairs=tuple(map(int, repairs))))
    return found


def bring_lives(importing: Importing, all_: Iterable[Life]) -> None:
    """As two files, devices and tickets; every school's log is known from `BEGAN` on."""
    devices, tickets = [], []
    all_ = list(all_)
    for number, life in enumerate(all_):
        bought = BEGAN - timedelta(days=life.entry + 1 if life.entry else 0)
        end = bought + timedelta(days=life.ends)
        devices.append(f"S{number:04},{life.model},{life.school},{bought},Retired,{end}")
        tickets += [
            f"{number}-{place},{bought + timedelta(days=age)},S{number:04},accident"
            for place, age in enumerate(life.repairs)
        ]
    bring(importing, "devices", DEVICES, devices)
    if tickets:
        bring(importing, "tickets", TICKETS, tickets)
    for school in {life.school for life in all_}:
        put(importing, "repair-feeds", {"school": school, "has_feed": True, "since": str(BEGAN)})


def bring(importing: Importing, format_: str, heading: str, rows: list[str]) -> None:
    """A file of which every row is taken."""
    found = importing.bring("\n".join((heading, *rows, "")).encode(), format_)
    assert (found["state"], found["refused"]) == ("applied", 0), found


def put(importing: Importing, path: str, body: Any) -> None:
    answer = importing.api.http.put(f"/api/v1/{path}", json=body, headers=importing.admin)
    assert answer.status_code == 200, answer.text


def whole(importing: Importing, **asked: Any) -> Any:
    """Lifetimes of all devices, every step of them."""
    found = importing.get("/repairs/lifetimes", points=10_000, least_at_risk=1, **asked)
    return found["groups"][0]
