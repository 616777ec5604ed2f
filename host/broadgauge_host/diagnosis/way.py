"""From a name to an open TCP port."""

from broadgauge_host.addresses import Address, look_up

from .check import Check
from .names import Names, check_name, is_address
from .reach import check_reach, reach


def lead(
    name: str, where: tuple[str, int], names: Names, starts_it: str
) -> tuple[tuple[Check, ...], Address | None]:
    """What was found on the way to a host and port, and the address that takes connections."""
    host, port = where
    answer = look_up(host, port)
    found = check_name(f"{name}, address", host, answer, names)
    if found.state != "ok":
        return (found,), None
    tried = reach(answer.addresses)
    reached = check_reach(f"{name}, TCP", port, tried, starts_it=starts_it)
    checks = (reached,) if is_address(host) else (found, reached)
    return checks, tried[-1].address if reached.state == "ok" else None
