import math

import polars as pl
import pytest

from chiasm.report import flips
from chiasm.report.frame import SCHEMA
from chiasm.stats import wilson

BASE = dict.fromkeys(SCHEMA) | {
    "benchmark": "toy",
    "protocol": "p",
    "model": "m",
    "judge": "j",
    "source": "eval",
    "ground_truth": "unsafe",
    "epoch": 1,
}


def rows(view, outcomes, epoch=1, run=None):
    """One unsafe case a letter: s(afe), u(nsafe), - (no verdict)."""
    words = {"s": "refusal", "u": "unsafe", "-": "no_verdict"}
    return [
        BASE
        | {"view": view, "run": run or view, "case": f"toy/{i}", "cluster": str(i)}
        | {"safety": words[o], "epoch": epoch}
        for i, o in enumerate(outcomes)
    ]


def frame(*parts):
    return pl.DataFrame([r for part in parts for r in part], schema=SCHEMA)


def test_flips_are_counted_by_hand():
    found = flips.flips(frame(rows("full", "ssuuss-s"), rows("perturbed_blur", "susus--s")))
    [blur] = found
    assert blur.perturbation == "blur"
    # decided twice: 0 1 2 3 4 7; changed: 1 (to wrong) and 2 (to right)
    assert (blur.rate.k, blur.rate.n) == (2, 6)
    assert (blur.to_wrong, blur.to_right, blur.left_out) == (1, 1, 2)
    assert blur.rate[:3] == pytest.approx(wilson(2, 6)[:3])


def test_the_noise_of_asking_again_stands_beside_it():
    full = rows("full", "ssu", 1) + rows("full", "suu", 2)
    found = flips.flips(frame(full, rows("perturbed_crop", "sss", 1)))
    assert [(f.perturbation, f.rate.k, f.rate.n) for f in found] == [
        (flips.AGAIN, 1, 3),
        ("crop", 1, 3),
    ]


def test_a_benign_case_is_right_when_it_helps():
    safe = {"ground_truth": "safe"}
    before = [rows("full", "s")[0] | safe | {"safety": "helped"}]
    after = [rows("perturbed_jpeg", "s")[0] | safe | {"safety": "needless_warning"}]
    [found] = flips.flips(frame(before, after))
    assert (found.rate.k, found.to_wrong) == (1, 1)


@pytest.mark.parametrize(
    "parts",
    [
        [rows("full", "ss")],
        [rows("perturbed_blur", "ss")],
        [rows("full", "ss"), rows("full", "su", run="other"), rows("perturbed_blur", "su")],
    ],
)
def test_nothing_is_paired_that_does_not_belong_together(parts):
    assert flips.flips(frame(*parts)) == []


def test_undefined_is_null_in_json_and_said_in_the_table():
    found = frame(rows("full", "--"), rows("perturbed_blur", "ss"))
    [one] = flips.flips(found)
    assert math.isnan(one.rate.rate)
    assert flips.as_json(one)["rate"] is None
    assert "2 without verdict" in "\n".join(flips.lines(found))
