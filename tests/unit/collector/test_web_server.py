import asyncio
import resource
import socket
from contextlib import closing

from broadgauge_collector.web_server import allow_many_connections, bind


def test_a_server_may_hold_as_many_connections_as_the_system_lets_it() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        allow_many_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_an_answer_does_not_wait_until_the_one_before_it_was_acknowledged() -> None:
    assert asyncio.run(_accepted_socket_option(socket.TCP_NODELAY))


async def _accepted_socket_option(option: int) -> int:
    """The option of a connection that asyncio accepted on a socket the server bound."""
    with closing(bind("127.0.0.1", 0)) as listening:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, option))
            writer.close()

        async with await asyncio.start_server(look, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            found = await accepted
            writer.close()
            return found
