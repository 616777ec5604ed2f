"""What a running agent is told from outside: by signals, or by a system's service manager."""

import queue
import signal
from collections.abc import Callable
from enum import Enum
from types import FrameType

STOPPING = ("SIGTERM", "SIGINT", "SIGBREAK")
RELOADING = ("SIGHUP",)


class Order(Enum):
    """Stop, or read the configuration anew."""

    STOP = "stop"
    RELOAD = "reload"


class Orders:
    """A queue of orders. Its `put` is safe in a signal handler, unlike `threading.Event.set`."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Order] = queue.SimpleQueue()

    def put(self, order: Order) -> None:
        """Give an order, from any thread or from a signal handler."""
        self._queue.put(order)

    def next(self, seconds: float) -> Order | None:
        """The next order, or None if there is none within that time."""
        try:
            return self._queue.get(timeout=seconds)
        except queue.Empty:
            return None


def orders_by_signal() -> Orders:
    """Orders that signals to this process give, on systems that have them."""
    orders = Orders()
    for names, order in ((STOPPING, Order.STOP), (RELOADING, Order.RELOAD)):
        for name in names:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), _giving(orders, order))
    return orders


def _giving(orders: Orders, order: Order) -> Callable[[int, FrameType | None], None]:
    def give(_number: int, _frame: FrameType | None) -> None:
        orders.put(order)

    return give
