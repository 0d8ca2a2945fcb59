"""One thread that owns the model: it gathers requests, makes batches, and hands back results.

- It waits a few milliseconds for company when it is idle, and not at all while requests pile up.
- Where a batch does not fit into memory it is halved until it does, and later batches stay small.
- Where a batch fails otherwise, its requests are tried one by one: one bad image fails alone.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from chiasm.errors import CallError
from chiasm.models.local.requests import OutOfMemoryError, Request, Result, next_batch

MOST_WAIT = 6
"""A steady trickle of requests delays a batch by so many times the wait at most."""

Run = Callable[[Sequence[Request]], list[Result]]
Job = tuple[Request, "Future[Result]"]

logger = logging.getLogger(__name__)


class Worker:
    """Runs requests in batches on a thread of its own.

    Attributes:
        size: Requests of a batch, at most; shrinks when memory is short.
    """

    def __init__(self, run: Run, *, size: int, wait_s: float = 0.008) -> None:
        """Start nothing yet: the first request does.

        Args:
            run: Generates a batch; raises `OutOfMemoryError` where it does not fit.
            size: Requests at once, at least 1.
            wait_s: Seconds of silence after which an incomplete batch starts.
        """
        self.size = size
        self._run, self._wait_s = run, wait_s
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()
        self._running: Sequence[Job] = ()

    def submit(self, request: Request) -> "Future[Result]":
        """Ask for an answer; the future also carries what went wrong."""
        future: Future[Result] = Future()
        future.add_done_callback(lambda done: _abandon(request, done))
        with self._lock:
            if self._thread is None:
                self.stopping.clear()
                self._thread = threading.Thread(target=self._loop, name="chiasm_hf", daemon=True)
                self._thread.start()
            self._queue.put((request, future))
        return future

    def close(self) -> None:
        """End the thread; what was not answered is cancelled. A later request starts it again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self.stopping.set()
            for request, _ in self._running:
                request.abandoned = True
            self._queue.put(None)
            thread.join()

    def _loop(self) -> None:
        jobs: dict[Request, Future[Result]] = {}
        while self._gather(jobs):
            for request in [r for r in jobs if r.abandoned]:
                jobs.pop(request).cancel()
            if not jobs:
                continue
            batch = next_batch(list(jobs), self.size)
            self._answer([(request, jobs.pop(request)) for request in batch])
        for future in jobs.values():
            future.cancel()

    def _gather(self, jobs: "dict[Request, Future[Result]]") -> bool:
        """Take what has arrived; False when the thread is to end."""
        until = time.monotonic() + MOST_WAIT * self._wait_s if jobs else float("inf")
        while True:
            try:
                block = not jobs or (len(jobs) < self.size and time.monotonic() < until)
                job = self._queue.get(block, self._wait_s if jobs else None)
            except queue.Empty:
                return True
            if job is None:
                return False
            jobs[job[0]] = job[1]
            until = min(until, time.monotonic() + MOST_WAIT * self._wait_s)

    def _answer(self, jobs: Sequence[Job]) -> None:
        """Run a batch, and again in parts where it fails."""
        self._running = jobs
        try:
            results = self._run([request for request, _ in jobs])
        except OutOfMemoryError as error:
            failure: Exception = CallError(str(error), kind="out of memory")
            parts = _halves(jobs)
            if parts:
                self.size = min(self.size, len(parts[0]))
                logger.warning("out of memory with %d requests; now %d", len(jobs), self.size)
        # Whatever went wrong is for those who wait: a dead thread would let them wait for ever.
        except Exception as error:  # noqa: BLE001
            failure = error
            parts = [[job] for job in jobs] if len(jobs) > 1 else []
        else:
            for (_, future), result in zip(jobs, results, strict=True):
                self._resolve(future, result)
            return
        for part in parts:
            self._answer(part)
        if not parts:
            for _, future in jobs:
                self._resolve(future, failure)

    def _resolve(self, future: "Future[Result]", outcome: Result | Exception) -> None:
        """Hand over; a batch that was running when the worker was closed has no results."""
        if self.stopping.is_set():
            future.cancel()
        if not future.set_running_or_notify_cancel():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def _halves(jobs: Sequence[Job]) -> list[Sequence[Job]]:
    half = (len(jobs) + 1) // 2
    return [jobs[:half], jobs[half:]] if len(jobs) > 1 else []


def _abandon(request: Request, future: "Future[Result]") -> None:
    request.abandoned = future.cancelled()
