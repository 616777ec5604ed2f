from datetime import timedelta

import pytest
from msgspec.structs import replace

from broadgauge_dashboard.views.agents import body, instructions, only_here
from tests.unit.dashboard.seeing import NOW, agent_row, parts, texts

WEEK = timedelta(days=7)


def commands(shown: object) -> list[str]:
    return [texts(command.children[0]) for command in parts(shown, "command")]


def test_an_agent_shows_where_it_runs_on_what_and_when_it_was_heard() -> None:
    words = texts(body((agent_row(),), NOW))
    for expected in (
        "Library desk", "Library", "Lincoln Elementary", "Lenovo 300e", "8 GB memory", "0.1.0",
        "nothing", "Running", "2 minutes ago",
    ):  # fmt: skip
        assert expected in words


@pytest.mark.parametrize(
    ("state", "word"), [("stale", "Silent"), ("never", "Not heard yet"), ("revoked", "Shut out")]
)
def test_the_state_of_an_agent_is_a_word_with_an_icon(state: str, word: str) -> None:
    (badge,) = parts(body((agent_row(state=state),), NOW), "badge")
    assert texts(badge) == word
    assert parts(badge, "icon")


def test_results_that_wait_in_a_spool_are_counted() -> None:
    waiting = agent_row()
    waiting = replace(waiting, agent=replace(waiting.agent, spooled_results=1250))
    assert "1,250 results" in texts(body((waiting,), NOW))


def test_a_machine_without_inventory_says_so() -> None:
    assert "no inventory yet" in texts(body((agent_row(machine=None, inventory=None),), NOW))


def test_a_machine_that_does_not_tell_its_make_says_so() -> None:
    assert "make and model unknown" in texts(body((agent_row(machine=None),), NOW))


def test_without_agents_the_page_says_what_one_is() -> None:
    assert "never looks at what anyone does" in texts(body((), NOW))


def test_the_commands_have_the_address_and_the_token() -> None:
    shown = instructions("bgj_x", "Lincoln", "https://net.example.org", 3, WEEK)
    assert any("join https://net.example.org --token bgj_x" in c for c in commands(shown))
    assert any(c.endswith("broadgauge-agent run") for c in commands(shown))
    assert "3 machines at Lincoln, within 7 days" in texts(shown)
    assert not parts(shown, "state-warning")


def test_a_server_that_others_can_not_reach_says_so_first() -> None:
    shown = instructions("bgj_x", "Lincoln", "http://127.0.0.1:8484", 1, WEEK)
    assert "Other machines can't reach this server yet" in texts(shown)
    assert "--host" in commands(shown)[0]


@pytest.mark.parametrize(
    ("address", "alone"),
    [
        ("http://127.0.0.1:8484", True),
        ("http://localhost:8484", True),
        ("http://[::1]:8484", True),
        ("http://192.0.2.10:8484", False),
        ("https://net.example.org", False),
    ],
)
def test_an_address_of_this_machine_alone_is_told(address: str, alone: bool) -> None:
    assert only_here(address) is alone
