from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import ANONYMOUS, Permission, Principal
from broadgauge_collector.access.secrets import new_secret
from broadgauge_collector.access.users import (
    authenticate_session,
    authenticate_user,
    create_login_link,
    create_user_token,
    end_session,
    redeem_login,
)
from broadgauge_collector.errors import Invalid, Unauthenticated

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BOTH = frozenset({Permission.READ, Permission.MANAGE})
SECOND = timedelta(seconds=1)


def test_a_token_opens_what_it_was_given_and_no_more(c: Connection) -> None:
    token = create_user_token(c, name="export", permissions=[Permission.READ], now=NOW)
    user = authenticate_user(c, token)
    assert user is not None
    assert (user.name, user.permissions) == ("export", frozenset({Permission.READ}))


@pytest.mark.parametrize(
    "permissions", [[], [Permission.AGENT], [Permission.PUBLIC, Permission.READ]]
)
def test_a_token_can_be_given_read_and_manage_only(
    c: Connection, permissions: list[Permission]
) -> None:
    with pytest.raises(Invalid, match="read, manage"):
        create_user_token(c, name="x", permissions=permissions, now=NOW)


def test_a_new_token_of_a_name_ends_the_one_before(c: Connection) -> None:
    before, other, after = (
        create_user_token(c, name=name, permissions=BOTH, now=NOW) for name in ("a", "b", "a")
    )
    assert authenticate_user(c, before) is None
    assert authenticate_user(c, other)
    assert authenticate_user(c, after)


def test_a_login_link_opens_one_session_that_may_read_and_manage(c: Connection) -> None:
    session = redeem_login(c, create_login_link(c, NOW), NOW + timedelta(minutes=15) - SECOND)
    user = authenticate_session(c, session, NOW + timedelta(days=1))
    assert user is not None
    assert user.permissions == BOTH


def test_a_login_link_works_once(c: Connection) -> None:
    link = create_login_link(c, NOW)
    redeem_login(c, link, NOW)
    with pytest.raises(Unauthenticated, match="broadgauge login"):
        redeem_login(c, link, NOW)


def test_a_login_link_ends_after_fifteen_minutes(c: Connection) -> None:
    link = create_login_link(c, NOW)
    with pytest.raises(Unauthenticated, match="was used or has ended"):
        redeem_login(c, link, NOW + timedelta(minutes=15))


def test_a_new_login_link_leaves_others_open(c: Connection) -> None:
    first = create_login_link(c, NOW)
    create_login_link(c, NOW + SECOND)
    assert redeem_login(c, first, NOW + SECOND)


def test_a_session_ends_after_a_week_or_when_its_owner_says_so(c: Connection) -> None:
    session = redeem_login(c, create_login_link(c, NOW), NOW)
    assert authenticate_session(c, session, NOW + timedelta(days=7) - SECOND)
    assert authenticate_session(c, session, NOW + timedelta(days=7)) is None
    end_session(c, session)
    assert authenticate_session(c, session, NOW) is None


def test_one_kind_of_secret_does_not_open_another(c: Connection) -> None:
    token = create_user_token(c, name="a", permissions=BOTH, now=NOW)
    link = create_login_link(c, NOW)
    session = redeem_login(c, create_login_link(c, NOW), NOW)
    assert authenticate_session(c, token, NOW) is None
    assert authenticate_session(c, link, NOW) is None
    assert authenticate_user(c, session) is None
    with pytest.raises(Unauthenticated):
        redeem_login(c, session, NOW)


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret("bgu_") for _ in range(1000)}
    assert len(made) == 1000
    assert {len(secret) for secret in made} == {4 + 43}


def test_whoever_is_nobody_may_do_public_things_only() -> None:
    reader = Principal(kind="user", permissions=frozenset({Permission.READ}))
    assert [p for p in Permission if ANONYMOUS.may(p)] == [Permission.PUBLIC]
    assert [p for p in Permission if reader.may(p)] == [Permission.PUBLIC, Permission.READ]
