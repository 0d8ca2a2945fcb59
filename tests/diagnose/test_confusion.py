"""Minds that fail in a known way, with 10 % noise, on all of scenes: the full confusion matrix."""

from collections import Counter, defaultdict

import pytest

from chiasm.diagnose.rules import STATES
from chiasm.diagnose.tables import diagnoses
from tests.diagnose.policies import BROKEN, MINDS, NOISE, Model
from tests.diagnose.simulate import frame

BOUND = 0.85


def matrix(noise: float, seed: int) -> dict[str, Counter[str]]:
    """What is broken in truth -> what is found, over all minds and dangerous cases."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, mind in MINDS.items():
        (diagnosis,) = diagnoses(frame(Model(mind, noise, seed)))
        assert len(diagnosis.dangerous) == 128
        for case in diagnosis.dangerous:
            truth = BROKEN[name][int(case.case[-1])]
            found[truth][case.found.state] += 1
    return found


def show(found: dict[str, Counter[str]]) -> str:
    """The matrix in percent, as docs/diagnose.md has it."""
    head = "| broken | cases | " + " | ".join(STATES) + " |"
    lines = [head, "|---" * (len(STATES) + 2) + "|"]
    for truth in STATES[:-1]:
        total = sum(found[truth].values())
        cells = [f"{100 * found[truth][s] / total:.1f}" for s in STATES]
        lines.append(f"| {truth} | {total} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@pytest.mark.slow
def test_every_cause_is_found_under_noise():
    found = matrix(NOISE, seed=1)
    print(show(found))
    assert found.keys() == set(STATES) - {"undetermined"}
    for truth, states in found.items():
        assert states[truth] / states.total() >= BOUND, (truth, states)


@pytest.mark.slow
def test_without_noise_nothing_is_mistaken():
    for truth, states in matrix(0.0, seed=0).items():
        assert set(states) == {truth}
