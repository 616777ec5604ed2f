"""Which access token goes with a test: the one that the collector gave for its test server."""

from msgspec.structs import replace

from broadgauge_wire import Reflector, Settings

from .probes import ProbeRequest


def token_for(reflector: Reflector, settings: Settings) -> str | None:
    """What to show to a test server; None if the collector gave nothing for it."""
    given = {access.reflector_id: access.token for access in settings.access_tokens}
    return given.get(reflector.id)


def with_access(request: ProbeRequest, settings: Settings) -> ProbeRequest:
    """The request with the token for its test server, if it has one and a token is there."""
    if request.reflector is None:
        return request
    return replace(request, access_token=token_for(request.reflector, settings))
