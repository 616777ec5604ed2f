"""One-time links, sessions, and signing out."""

import re
from datetime import timedelta
from pathlib import Path

from broadgauge_collector.access.failures import BURST
from tests.api_client import OWN_PAGE, Api, serving


def test_a_login_link_signs_a_browser_in_once(api: Api) -> None:
    link = api.login_link()

    first = api.http.get(link)
    api.http.cookies.clear()
    again = api.http.get(link)

    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("broadgauge_session=bgs_")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert again.status_code == 401
    assert "broadgauge login" in again.text
    assert again.headers["content-type"].startswith("text/html")


def test_a_browser_that_looks_ahead_does_not_use_a_link_up(api: Api) -> None:
    link = api.login_link()

    ahead = api.http.get(link, headers={"Sec-Purpose": "prefetch;prerender"})

    assert (ahead.status_code, "set-cookie" in ahead.headers) == (503, False)
    assert api.http.get(link).status_code == 303


def test_over_tls_signing_out_deletes_the_cookie_as_the_browser_demands(tmp_path: Path) -> None:
    with serving(tmp_path, public_url="https://net.example.org") as api:
        cookie = api.http.get(api.login_link()).headers["set-cookie"].partition(";")[0]
        answer = api.http.post("/logout", headers=OWN_PAGE | {"cookie": cookie})

    assert answer.headers["set-cookie"].startswith('__Host-broadgauge_session="";')
    assert "Secure" in answer.headers["set-cookie"]


def test_an_expired_link_says_how_to_get_another(api: Api) -> None:
    link = api.login_link()
    now = api.services.now()
    api.services.now = lambda: now + timedelta(minutes=16)  # type: ignore[method-assign]

    answer = api.http.get(link)

    assert answer.status_code == 401
    assert "broadgauge login" in answer.text
    assert "set-cookie" not in answer.headers


def test_over_tls_the_cookie_is_bound_to_this_origin(tmp_path: Path) -> None:
    with serving(tmp_path, public_url="https://net.example.org") as api:
        cookie = api.http.get(api.login_link()).headers["set-cookie"]

    assert cookie.startswith("__Host-broadgauge_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_signing_out_ends_the_session_itself(api: Api) -> None:
    api.http.get(api.login_link())
    kept = {"cookie": f"broadgauge_session={api.http.cookies['broadgauge_session']}"}
    assert api.http.get("/api/v1/schools", headers=kept).status_code == 200

    answer = api.http.delete("/api/v1/session", headers=OWN_PAGE)
    api.http.cookies.clear()

    assert answer.status_code == 204
    assert api.http.get("/api/v1/schools", headers=kept).status_code == 401


def test_the_sign_out_button_leads_to_the_sign_in_page(api: Api) -> None:
    api.http.get(api.login_link())

    answer = api.http.post("/logout", headers=OWN_PAGE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert api.http.get("/api/v1/schools").status_code == 401


def test_a_login_link_names_no_host_because_requests_cant_be_trusted_with_it(api: Api) -> None:
    answer = api.http.post(
        "/api/v1/login-links",
        headers={**api.admin, "Host": "evil.example", "X-Forwarded-Host": "e"},
    )

    assert answer.json()["path"].startswith("/login?token=bgl_")
    assert "evil" not in answer.text


def test_the_sign_in_page_loads_nothing(api: Api) -> None:
    page = api.http.get("/sign-in").text

    assert "broadgauge login" in page
    assert "src=" not in page
    assert set(re.findall(r"href=\"(\w+:)", page)) <= {"data:"}


def test_guessing_login_links_is_slowed(api: Api) -> None:
    codes = [api.http.get("/login?token=bgl_guess").status_code for _ in range(int(BURST) + 30)]

    assert (codes[0], codes[-1]) == (401, 429)
    assert api.http.get(api.login_link()).status_code == 303


def test_a_malformed_cookie_is_nobody(api: Api) -> None:
    for cookie in (
        "broadgauge_session",
        "broadgauge_session=;;=",
        'a="\x7f',
        "broadgauge_session=x",
    ):
        answer = api.http.get("/api/v1/schools", headers={"cookie": cookie})
        assert answer.status_code == 401
