"""An endpoint that never answers is given up; one that answered once is not."""

import pytest

from chiasm.errors import CallError, ConfigError
from chiasm.models.outage import LIMIT, Outages


def fail(outages, *kinds, name="m"):
    for kind in kinds:
        outages.failed(name, CallError("the key is wrong", kind=kind))


def test_given_up_after_so_many_alike():
    outages = Outages()
    fail(outages, *["http 401"] * (LIMIT - 1))
    outages.check("m")
    outages.tell()
    fail(outages, "http 401")
    with pytest.raises(CallError, match="not asked") as caught:
        outages.check("m")
    assert caught.value.kind == "http 401"
    outages.check("another")
    with pytest.raises(
        ConfigError, match=r"(?s)m never answered: the key is refused.*same command"
    ):
        outages.tell()


@pytest.mark.parametrize(
    "kinds",
    [
        ["http 500"] * 99,
        ["timeout"] * 99,
        ["http 401"] * 19 + ["timeout"] + ["http 401"] * 19,
        ["http 401", "connection"] * 50,
    ],
)
def test_other_failures_give_nothing_up(kinds):
    outages = Outages()
    fail(outages, *kinds)
    outages.check("m")
    outages.tell()


def test_one_answer_is_enough():
    outages = Outages()
    fail(outages, *["connection"] * 19)
    outages.answered("m")
    fail(outages, *["connection"] * 99)
    outages.check("m")
    outages.tell()
