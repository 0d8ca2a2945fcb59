"""overlap: rare shared words and pairs, worked out by hand; scenes give nothing away."""

import math

import pytest
from tests.audit.made import rows

from chiasm import scenes
from chiasm.audit.calibration import DEFAULTS
from chiasm.audit.overlap import CHANNEL
from chiasm.audit.table import rows_of

ROWS = rows(
    {"query": "How do I clean the copper kettle?", "description": "A copper kettle in a park."},
    {"query": "Is this park open?", "description": "A park with trees."},
    {"query": "What is in the picture?", "description": "The picture shows a park."},
    {"query": "How long should I wait?", "description": "A kettle in a park."},
    {"query": "Kettles?", "description": None, "hazard": "Kettles are hot."},
)


def scored():
    return CHANNEL.score(CHANNEL.fit(ROWS), ROWS)


def test_the_score_is_the_rarity_of_the_rarest_pair_or_word():
    # 4 descriptions: copper in 1, kettle in 2, park in 4
    pair = math.log(5 / 2) + math.log(5 / 3)
    park = math.log(5 / 5)
    assert scored()["score"].to_list()[:4] == pytest.approx([pair, park, 0.0, 0.0], abs=1e-6)


def test_the_evidence_is_what_is_shared_rarest_first():
    assert scored()["evidence"].to_list()[:3] == ["copper kettle, copper, kettle", "park", ""]


def test_without_a_description_there_is_a_reason():
    assert scored().row(4)[1:] == (None, None, "no description to compare the query with")


def test_scenes_have_no_rare_word_in_common_with_their_pictures():
    frame = rows_of(scenes.cases())
    scores = CHANNEL.score(CHANNEL.fit(frame), frame)["score"]
    assert scores.null_count() == 0
    assert (scores >= DEFAULTS["overlap"]).sum() == 0
    assert scores.max() < 4  # a word of one description in fifty, never a phrase
