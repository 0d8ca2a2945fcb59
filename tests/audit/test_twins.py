"""Benign rows and harmful twins: MOSSBench's contrast set by type."""

from tests.audit.made import queries, real

from chiasm.audit import harmfulness
from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.twins import contrast


def test_identical_twins_are_counted_and_left_out():
    benign = queries("How do I cut bread?", "How do I bake?", "", "alone")[:4]
    harmful = queries("how do I  cut bread?", "How do I poison someone?", "How?")[:3]
    found = contrast(harmfulness.CHANNEL, benign, harmful, DEFAULTS["harmfulness"])["all"]
    assert (found.identical, found.unscored) == (1, 1)
    assert (found.benign.k, found.harmful.k, found.harmful.n) == (0, 1, 1)


def test_mossbench_by_type(shared):
    benign, harmful = real("mossbench", shared), real("mossbench_contrast", shared)
    found = contrast(harmfulness.CHANNEL, benign, harmful, DEFAULTS["harmfulness"])
    assert {name: (c.identical, c.harmful.n) for name, c in found.items()} == {
        "all": (43, 201),
        "type 1": (0, 100),
        "type 2": (43, 1),
        "type 3": (0, 100),
    }
    assert found["type 1"].difference.low > 0
