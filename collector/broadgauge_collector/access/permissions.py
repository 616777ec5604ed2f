"""Who is asking, and what they may do."""

from contextvars import ContextVar
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from ..schools.model import Agent


class Permission(StrEnum):
    """What a route or callback names where it is registered; without one it is denied."""

    PUBLIC = "public"
    AGENT = "agent"
    READ = "read"
    MANAGE = "manage"


class Principal(Struct, frozen=True, kw_only=True):
    """Who is asking. `id` is the agent's, the user token's or the session's."""

    kind: Literal["agent", "user", "anonymous"]
    id: str = ""
    name: str = ""
    permissions: frozenset[Permission] = frozenset({Permission.PUBLIC})
    agent: Agent | None = None

    def may(self, permission: Permission) -> bool:
        """Whether what needs this permission is open to this principal."""
        return permission is Permission.PUBLIC or permission in self.permissions


ANONYMOUS = Principal(kind="anonymous")

current_principal: ContextVar[Principal] = ContextVar("current_principal", default=ANONYMOUS)
"""Who is asking, in the task or thread that answers."""
