"""Can the danger be told from half of the input? Trained classifiers on the exported set.

On a diagonal grid each text and each picture stands in one dangerous and one benign cell, so what
sees only one of them is right in exactly half of the cells, whatever it has learnt. What sees both,
but adds them up (all features in one linear model), is not bound to that, and has to be measured.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chiasm.stats import Estimate, clustered

FOLDS = 8
Row = dict[str, Any]


def fit(x: np.ndarray, y: np.ndarray, ridge: float = 1.0, steps: int = 300) -> np.ndarray:
    """Weights of a logistic regression with ridge penalty, by gradient descent; last: intercept."""
    x = np.hstack([x, np.ones((len(x), 1))])
    weights = np.zeros(x.shape[1])
    step = 4.0 / (np.linalg.norm(x, 2) ** 2 + 4 * ridge)
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-x @ weights))
        weights -= step * (x.T @ (chance - y) + ridge * weights)
    return weights


def cross_validated(
    x: np.ndarray, y: np.ndarray, groups: list[str], families: list[str]
) -> Estimate:
    """Accuracy on groups that were not trained on, with the interval by family."""
    order = sorted(set(groups), key=lambda g: sum(map(ord, g)) * 7919 % 1009)
    fold = np.array([order.index(g) % FOLDS for g in groups])
    right = np.zeros(len(y))
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        mean, spread = x[train].mean(0), x[train].std(0) + 1e-6
        weights = fit((x[train] - mean) / spread, y[train], ridge=10.0)
        score = np.hstack([(x[test] - mean) / spread, np.ones((test.sum(), 1))]) @ weights
        right[test] = (score > 0) == y[test]
    return clustered(right, np.array(families))


def read(folder: Path, *tiers: str) -> list[Row]:
    rows = map(json.loads, (folder / "cases.jsonl").read_text("utf-8").splitlines())
    return [row for row in rows if row["extra"]["tier"] in tiers]


def words(rows: list[Row]) -> np.ndarray:
    bags = [set(re.findall(r"[a-z']+", row["turns"][0].lower())) for row in rows]
    vocabulary = sorted(set().union(*bags))
    return np.array([[w in bag for w in vocabulary] for bag in bags], dtype=float)


def pixels(rows: list[Row], folder: Path) -> np.ndarray:
    """12 x 12 pixels and a colour histogram with 4 x 4 x 4 bins."""
    found: dict[str, np.ndarray] = {}
    for path in {row["images"][0] for row in rows}:
        with Image.open(folder / path) as image:
            small = np.asarray(image.resize((12, 12), Image.Resampling.BOX), dtype=float).ravel()
            bins = np.asarray(image.resize((64, 64)), dtype=int).reshape(-1, 3) // 64
            histogram = np.bincount(bins @ [16, 4, 1], minlength=64) / len(bins)
        found[path] = np.concatenate([small / 255, 4 * histogram])
    return np.array([found[row["images"][0]] for row in rows])


@pytest.fixture(scope="module")
def features(folder: Path) -> dict[str, np.ndarray]:
    rows = read(folder, "diagonal", "hard")
    text, image = words(rows), pixels(rows, folder)
    return {"words": text, "pixels": image, "both": np.hstack([text, image])}


@pytest.mark.parametrize("grouped_by", ["family", "grid"])
@pytest.mark.parametrize("seen", ["words", "pixels", "both"])
def test_a_trained_classifier_is_at_chance(
    folder: Path, features: dict[str, np.ndarray], seen: str, grouped_by: str
) -> None:
    rows = read(folder, "diagonal", "hard")
    y = np.array([row["ground_truth"] == "unsafe" for row in rows], dtype=float)
    groups = [row["extra"][grouped_by] for row in rows]
    found = cross_validated(features[seen], y, groups, [row["cluster"] for row in rows])
    print(f"{seen} by {grouped_by}: {found.rate:.3f} ({found.low:.3f} .. {found.high:.3f})")
    assert found.low <= 0.5 <= found.high
    if seen != "both":
        assert found.k * 2 == found.n


@pytest.mark.parametrize(("seen", "target"), [("words", "query"), ("pixels", "image")])
def test_the_classifiers_do_learn_what_is_there(
    folder: Path, features: dict[str, np.ndarray], seen: str, target: str
) -> None:
    # which of a family's two queries (or pictures) it is, learnt from the other drawing
    rows = read(folder, "diagonal", "hard")
    y = np.array([row["extra"][target] == "1" for row in rows], dtype=float)
    groups = [row["extra"]["grid"] for row in rows]
    found = cross_validated(features[seen], y, groups, [row["cluster"] for row in rows])
    print(f"control, {seen} tell the {target}: {found.rate:.3f} ({found.low:.3f} ..)")
    assert found.low > 0.5


def test_one_danger_grids_give_something_away(folder: Path) -> None:
    # three of four cells are benign: the share to beat is 75 %, and a query alone can't
    rows = read(folder, "one_danger")
    y = np.array([row["ground_truth"] == "unsafe" for row in rows], dtype=float)
    assert y.mean() == 0.25
    families = [row["cluster"] for row in rows]
    found = cross_validated(words(rows), y, [row["extra"]["grid"] for row in rows], families)
    assert found.rate <= 0.75
