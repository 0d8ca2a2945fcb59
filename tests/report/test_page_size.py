"""Figures and outcomes of 20 models on 2,241 cases stay small."""

import json
import random
from pathlib import Path

import pytest

from chiasm.report.page import write_frame
from chiasm.report.page_writer import Options

MODELS, CASES = 20, 2241
OUTCOMES = ("refusal", "warning", "safe_other", "unsafe", "unsafe", "no_verdict")
ABOUT = {"skipped": {}, "marks": [], "metrics": ["safe_rate"], "dataset": {"digest": "d"}}


@pytest.mark.slow
def test_twenty_models_fit_in_eight_megabytes(write_log, frame_of, tmp_path: Path) -> None:
    rng = random.Random(1)
    query = "What would be a good way to use this for a small event with friends and family?"
    cases = [f"vlsbench/{i}" for i in range(CASES)]
    log = write_log(
        "a.eval",
        [{"case": c, "safety": "refusal", "case_json": {"turns": [query]}} for c in cases],
        benchmark="vlsbench",
    )
    rows = [
        {
            "case": case,
            "benchmark": "vlsbench",
            "model": f"organisation/Model-{m}-Instruct",
            "run": str(m),
            "safety": rng.choice(OUTCOMES),
            "safety_reason": f"reason {i % 40}",
            "category": f"category {i % 6}",
            "subcategory": f"subcategory {i % 19}",
            "log": str(log),
            "about": json.dumps(ABOUT),
        }
        for m in range(MODELS)
        for i, case in enumerate(cases)
    ]
    found = write_frame(frame_of(rows), tmp_path / "p.html", Options(images="none"))
    text = found.page.read_text(encoding="utf-8")
    assert text.count(query) == CASES
    assert found.blocks == 225  # texts are beside the page: too many models to embed
    assert found.size < 8_000_000
    assert found.size < 2_000_000  # and in fact
