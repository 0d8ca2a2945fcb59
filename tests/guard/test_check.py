"""Checks of a trained guard that is slow."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from chiasm.guard.check import _judged
from chiasm.guard.pair import Pair


def test_waiting_checks_leave_the_threads_that_read_requests_alone() -> None:
    free = threading.Event()

    def judge(text: str, images: Any) -> Any:
        free.wait()
        return SimpleNamespace(unsafe=False, risk=0.1, category="", carrier="")

    async def run() -> list[str]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        with ThreadPoolExecutor(1) as thread:
            slow: Any = SimpleNamespace(judge=judge)
            checks = [asyncio.create_task(_judged(slow, thread, Pair("?"))) for _ in range(3)]
            await asyncio.sleep(0)
            try:
                assert await asyncio.wait_for(asyncio.to_thread(str, "read"), 30) == "read"
            finally:
                free.set()
            return [label for label, *_ in await asyncio.gather(*checks)]

    assert asyncio.run(run()) == ["safe"] * 3


def test_check_that_gave_up_before_its_turn_is_never_made() -> None:
    free, judged = threading.Event(), []

    def judge(text: str, images: Any) -> Any:
        judged.append(text)
        free.wait()
        return SimpleNamespace(unsafe=False, risk=0.1, category="", carrier="")

    async def run() -> None:
        with ThreadPoolExecutor(1) as thread:
            slow: Any = SimpleNamespace(judge=judge)
            first = asyncio.create_task(_judged(slow, thread, Pair("first")))
            second = asyncio.create_task(_judged(slow, thread, Pair("second")))
            await asyncio.sleep(0)
            second.cancel()
            await asyncio.wait([second])
            free.set()
            await first

    asyncio.run(run())
    assert judged == ["first"]
