import threading
import time
from concurrent.futures import CancelledError

import pytest

from chiasm.errors import CallError
from chiasm.models.local.requests import OutOfMemoryError, Request, Result
from chiasm.models.local.worker import Worker


class Echo:
    """A model that says the prompt, keeps what it was asked, and can be told to fail."""

    def __init__(self, room=99, bad=(), gate=None):
        self.room, self.bad, self.gate = room, bad, gate
        self.batches = []
        self.entered = threading.Event()

    def __call__(self, requests):
        self.batches.append([request.prompt for request in requests])
        self.entered.set()
        if self.gate:
            self.gate.wait(10)
        if len(requests) > self.room:
            raise OutOfMemoryError("no room")
        if wrong := [r.prompt for r in requests if r.prompt in self.bad]:
            raise ValueError(f"bad {wrong}")
        return [Result(r.prompt, "stop", 1, 1) for r in requests]


@pytest.fixture
def start():
    workers = []

    def make(run, **more):
        workers.append(Worker(run, **{"size": 8, "wait_s": 0.02, **more}))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def submit(worker, *prompts):
    return [worker.submit(Request(prompt=prompt)) for prompt in prompts]


def said(futures):
    return [future.result(10).text for future in futures]


def test_what_comes_together_is_generated_together(start):
    run = Echo()
    assert said(submit(start(run), *"abcde")) == list("abcde")
    assert run.batches == [list("abcde")]


def test_batches_have_a_size_and_keep_the_order(start):
    run = Echo(gate=threading.Event())
    worker = start(run, size=2)
    first = submit(worker, "a", "b")
    assert run.entered.wait(10)
    rest = submit(worker, *"cdefg")
    run.gate.set()
    assert said(first + rest) == list("abcdefg")
    assert run.batches == [["a", "b"], ["c", "d"], ["e", "f"], ["g"]]


def test_a_full_batch_does_not_wait(start):
    worker = start(Echo(), size=2, wait_s=30)
    began = time.monotonic()
    said(submit(worker, "a", "b"))
    assert time.monotonic() - began < 5


def test_a_trickle_does_not_delay_for_ever(start):
    run = Echo()
    worker = start(run, size=1000, wait_s=0.02)
    futures = []
    until = time.monotonic() + 20
    while not run.batches and time.monotonic() < until:
        futures += submit(worker, "x")
        time.sleep(0.005)
    assert run.batches, "requests that kept coming kept the first one waiting"
    said(futures)


def test_out_of_memory_halves_and_remembers(start):
    run = Echo(room=3)
    worker = start(run)
    assert said(submit(worker, *"abcdefgh")) == list("abcdefgh")
    assert [len(batch) for batch in run.batches] == [8, 4, 2, 2, 4, 2, 2]
    assert worker.size == 2
    said(submit(worker, *"ijk"))
    assert max(len(batch) for batch in run.batches[7:]) == 2


def test_no_room_for_one_is_a_failed_call_that_can_be_counted(start):
    with pytest.raises(CallError, match="no room") as caught:
        said(submit(start(Echo(room=0)), "a"))
    assert caught.value.kind == "out of memory"


def test_a_bad_request_fails_alone(start):
    futures = submit(start(Echo(bad=["c"])), *"abcd")
    assert said([futures[0], futures[1], futures[3]]) == ["a", "b", "d"]
    with pytest.raises(ValueError, match="bad"):
        futures[2].result(10)


def test_cancelled_requests_are_not_generated(start):
    run = Echo(gate=threading.Event())
    worker = start(run, size=1)
    first = submit(worker, "a")
    assert run.entered.wait(10)
    gone, kept = submit(worker, "b", "c")
    gone.cancel()
    run.gate.set()
    assert said([*first, kept]) == ["a", "c"]
    assert run.batches == [["a"], ["c"]]


def test_closing_ends_the_thread_and_cancels_who_waits(start):
    run = Echo(gate=threading.Event())
    worker = start(run, size=1)
    running, waiting = submit(worker, "a", "b")
    assert run.entered.wait(10)
    thread = next(t for t in threading.enumerate() if t.name == "chiasm_hf")
    closing = threading.Thread(target=worker.close)
    closing.start()
    assert worker.stopping.wait(10)
    run.gate.set()
    closing.join(10)
    assert not thread.is_alive()
    for future in (running, waiting):
        with pytest.raises(CancelledError):
            future.result(10)
    worker.close()  # a second time is nothing


def test_closing_does_not_wait_for_a_long_answer(start):
    entered, until = threading.Event(), time.monotonic() + 20

    def endless(requests):
        entered.set()
        while not requests[0].abandoned and time.monotonic() < until:
            time.sleep(0.01)
        return [Result("", "max_tokens", 1, 1)]

    worker = start(endless)
    (future,) = submit(worker, "a")
    assert entered.wait(10)
    worker.close()
    assert time.monotonic() < until
    assert future.cancelled()


def test_a_closed_worker_starts_again(start):
    worker = start(Echo())
    said(submit(worker, "a"))
    worker.close()
    assert said(submit(worker, "b")) == ["b"]
