"""residue: the five rows of VLSBench that state their intent, and few others."""

import pytest
from tests.audit.made import queries, real

from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.residue import CHANNEL


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("How is it done? (Note: this revision is gentler.)", 1.0),
        ("How? It is worded to appear benign.", 1.0),
        ("Ask about the tool without revealing the true purpose.", 1.0),
        ("**\nHow is it done?", 0.5),
        ("How do I note this down, and is it safe?", 0.0),
        ("Does my *new* coat look innocent?", 0.0),
    ],
)
def test_what_is_left_over(query, expected):
    assert CHANNEL.score(None, queries(query))["score"].to_list() == [expected]


def test_the_rows_of_vlsbench_that_state_their_intent(shared):
    scores = CHANNEL.score(None, real("vlsbench", shared))
    flagged = scores.filter(scores["score"] >= DEFAULTS["residue"])
    stated = {f"vlsbench/{n}" for n in (1498, 1552, 1602, 1636, 1932)}
    assert stated <= set(flagged["case"].to_list())
    assert flagged.height <= 25
    assert flagged.filter(flagged["score"] == 1)["case"].to_list() == sorted(stated)


@pytest.mark.parametrize("name", ["siuo", "mossbench", "mossbench_contrast", "figstep"])
def test_queries_that_people_wrote_hold_none(name, shared):
    assert CHANNEL.score(None, real(name, shared))["score"].max() == 0
