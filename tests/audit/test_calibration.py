"""Thresholds by wanted false-alarm rate, and what the channels find of planted leaks."""

import numpy as np
import pytest
from tests.audit.made import queries, real

from chiasm.audit import harmfulness, overlap
from chiasm.audit.calibration import DEFAULTS, cut, sensitivity, threshold
from chiasm.errors import ConfigError


@pytest.mark.parametrize("wanted", [0.0, 0.01, 0.05, 0.2, 0.5])
def test_at_most_the_wanted_share_reaches_a_cut_and_no_lower_score_would_do(wanted):
    scores = np.random.default_rng(1).integers(0, 40, 500) / 40
    found = cut(scores, wanted)
    assert (scores >= found).mean() <= wanted
    below = scores[scores < found].max()
    assert (scores >= below).mean() > wanted


def test_a_threshold_holds_on_other_benign_queries(shared):
    """Set on half of MOSSBench's benign queries for 5 %, it flags few of the other half."""
    frame = real("mossbench", shared)
    found = threshold(harmfulness.CHANNEL, frame[::2], 0.05)
    rest = harmfulness.CHANNEL.score(harmfulness.fit(frame), frame[1::2])["score"]
    assert (rest >= found).mean() <= 0.12


def test_controls_that_can_not_be_scored_are_refused():
    with pytest.raises(ConfigError, match="no score for any of 1 controls: no description"):
        threshold(overlap.CHANNEL, queries("Hm?"), 0.05)
    with pytest.raises(ConfigError, match=r"must be in \[0, 1\)"):
        threshold(overlap.CHANNEL, queries("Hm?"), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4])
def test_planted_leaks_in_vlsbench_are_found_at_5_percent_flagged(shared, seed):
    frame = real("vlsbench", shared)
    copied = sensitivity(overlap.CHANNEL, frame, seed=seed)
    said = sensitivity(harmfulness.CHANNEL, frame, seed=seed)
    assert copied.flagged.rate <= 0.05
    assert said.flagged.rate <= 0.05
    assert copied.by_kind["L1"].rate >= 0.50
    assert said.by_kind["L3"].rate >= 0.55
    assert copied.by_kind["N1"].rate <= 0.20
    assert said.by_kind["N1"].rate <= 0.20
    assert copied.by_kind["N2"].rate <= 0.10
    assert said.by_kind["N2"].rate <= 0.10


@pytest.mark.slow
def test_the_default_of_harmfulness_passes_as_well(shared):
    frame = real("vlsbench", shared)
    for seed in (0, 1):
        said = sensitivity(
            harmfulness.CHANNEL, frame, limit=DEFAULTS["harmfulness"], seed=seed
        ).by_kind
        assert said["L3"].rate >= 0.55
        assert said["N2"].rate <= 0.10


@pytest.mark.slow
def test_the_defaults_flag_3_to_5_percent_of_vlsbench(shared):
    frame = real("vlsbench", shared)
    for channel in (overlap.CHANNEL, harmfulness.CHANNEL):
        found = sensitivity(channel, frame, limit=DEFAULTS[channel.name])
        assert 0.03 <= found.flagged.rate <= 0.05
