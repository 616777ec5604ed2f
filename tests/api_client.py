"""A collector's application over real stores, and how tests talk to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from broadgauge_collector.access.agents import get_agent
from broadgauge_collector.access.join import create_join_token, join
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_login_link, create_user_token
from broadgauge_collector.app import Services, create_app, open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.schools.model import Agent, School
from broadgauge_collector.schools.repository import add_school
from broadgauge_wire import Batch, JoinRequest, encode
from tests.migrated import migrated

Headers = dict[str, str]
OWN_PAGE = {"sec-fetch-site": "same-origin"}


@dataclass
class Api:
    """An application that serves requests in this process."""

    app: FastAPI
    services: Services
    http: TestClient

    def user(self, *permissions: Permission) -> Headers:
        """Headers of an API token with these permissions."""
        with self.services.stores.control.begin() as c:
            name = "+".join(permissions)
            token = create_user_token(
                c, name=name, permissions=permissions, now=self.services.now()
            )
        return bearer(token)

    @property
    def admin(self) -> Headers:
        return self.user(Permission.READ, Permission.MANAGE)

    def school(self, name: str = "Lincoln Elementary", **about: Any) -> School:
        with self.services.stores.control.begin() as c:
            return add_school(c, name=name, timezone="America/Chicago", **about)

    def agent(self, school: School) -> tuple[Agent, Headers]:
        """A joined agent and the headers with its key."""
        now = self.services.now()
        with self.services.stores.control.begin() as c:
            token = create_join_token(
                c, school_id=school.id, lifetime=timedelta(hours=1), uses=1, now=now
            )
            made = join(c, JoinRequest(token=token, agent_version="0.1.0"), now)
            return get_agent(c, made.agent_id), bearer(made.key)

    def login_link(self) -> str:
        """The path of a fresh one-time login link."""
        with self.services.stores.control.begin() as c:
            return "/login?token=" + create_login_link(c, self.services.now())

    def send(self, batch: Batch, headers: Headers) -> Any:
        """Post a batch; the response."""
        return self.http.post("/api/v1/batches", content=encode(batch), headers=headers)


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def serving(data: Path, *, dashboard: bool = False, **config: Any) -> Iterator[Api]:
    """The application with its lifespan, over stores in `data`."""
    if config.get("control_url") is None:
        migrated(data)
    services = open_services(ServerConfig(data=data, **config))
    app = create_app(services, dashboard=dashboard)
    try:
        with TestClient(app, base_url="http://127.0.0.1:8484", follow_redirects=False) as http:
            yield Api(app, services, http)
    finally:
        services.close()
