"""Answers that cost much are worked out now and then, and given out meanwhile."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple

COSTLY_SECONDS = 0.25
"""What is answered faster is asked anew each time: then a small district sees every change."""

SHARE = 0.1
"""Of the time, at most, that goes into working out one answer again and again."""

TOO_OLD_SECONDS = 600
"""An answer this old is not given out any more: whoever asks waits for a new one."""

KEPT = 64
"""Answers kept: those that were asked for last."""


class Answer(NamedTuple):
    """What was answered, when by the monotonic clock, and how long that took in s."""

    value: Any
    at: float
    seconds: float


class Recent:
    """Keeps costly answers by what was asked. Of one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, asked: Hashable, work_out: Callable[[], Awaitable[Any]]) -> Any:
        """A recent answer, or a new one; those who ask the same at once wait for the same."""
        answer = self._answers.get(asked)
        if answer is None or self._clock() - answer.at > TOO_OLD_SECONDS:
            return await asyncio.shield(self._begin(asked, work_out))
        self._answers.move_to_end(asked)
        if self._clock() - answer.at > answer.seconds / SHARE:
            self._begin(asked, work_out)
        return answer.value

    def _begin(self, asked: Hashable, work_out: Callable[[], Awaitable[Any]]) -> asyncio.Task[Any]:
        task = self._under_way.get(asked)
        if task is None:
            task = asyncio.ensure_future(self._work_out(asked, work_out))
            self._under_way[asked] = task
            task.add_done_callback(lambda done: self._end(asked, done))
        return task

    def _end(self, asked: Hashable, done: asyncio.Task[Any]) -> None:
        del self._under_way[asked]
        if not done.cancelled():
            done.exception()  # who waited has it; where nobody did, the next one asks anew

    async def _work_out(self, asked: Hashable, work_out: Callable[[], Awaitable[Any]]) -> Any:
        began = self._clock()
        value = await work_out()
        seconds = self._clock() - began
        self._answers.pop(asked, None)
        if seconds >= COSTLY_SECONDS:
            self._answers[asked] = Answer(value, self._clock(), seconds)
            while len(self._answers) > KEPT:
                self._answers.popitem(last=False)
        return value
