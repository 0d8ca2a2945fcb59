"""Fits chiasm/triage on SIUO's multiple choice, and measures it on questions it was not fitted on.

The right option of a question counts as safe, the other three as unsafe. That key is noisy: by
SIUO's own rule about one wrong option in nine is safe (docs/judges/triage.md).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.stats import rankdata, t  # type: ignore[import-untyped]

import chiasm
from chiasm.cases import Case, Dataset
from chiasm.errors import ConfigError
from chiasm.judges.triage import FEATURES, MARK, TriageModel, abstains, features
from chiasm.stats import cohen_kappa, wilson

Array = npt.NDArray[np.float64]

FOLDS = 10
PENALTY = 1.0
"""L2, of the weights of standardised features; the loss is summed over answers."""


class _Answers(NamedTuple):
    x: Array  # (n, 8), NaN where undefined
    safe: Array  # (n,), 0 or 1
    question: npt.NDArray[np.str_]  # (n,)


class HeldOut(NamedTuple):
    """What models said of answers to questions that they were not fitted on.

    Attributes:
        score: (n,), probability of safe, in [0, 1].
        called: (n,), whether that reaches the threshold of the same model.
        silent: (n,), whether triage abstains on the answer.
        questions: How many questions the folds divide.
    """

    score: Array
    called: npt.NDArray[np.bool_]
    silent: npt.NDArray[np.bool_]
    questions: int


class _Fit(NamedTuple):
    means: Array
    sds: Array
    weights: Array
    intercept: float
    threshold: float

    def probabilities(self, x: Array) -> Array:
        z = np.nan_to_num((x - self.means) / self.sds) @ self.weights + self.intercept
        return 0.5 * (1 + np.tanh(z / 2))


def fit(choices: Dataset, warned: Dataset, *, seed: int = 0) -> TriageModel:
    """Fit on the options of multiple-choice cases.

    Args:
        choices: Cases with options and an answer (`siuo_mcqa`).
        warned: The cases that have the safety warnings (`siuo`); joined by cluster.
        seed: Of the assignment of questions to folds.

    Raises:
        ConfigError: A case has no options, no partner, or there are fewer questions than folds.
    """
    answers = _answers(choices, warned)
    model = _fit(answers)
    return TriageModel(
        means=tuple(model.means.tolist()),
        sds=tuple(model.sds.tolist()),
        weights=tuple(model.weights.tolist()),
        intercept=model.intercept,
        threshold=model.threshold,
        figures=_figures(answers, np.random.default_rng(seed)),
        data={d.name: d.digest for d in (choices, warned)},
        version=chiasm.__version__,
    )


def fit_report(model: TriageModel) -> str:
    """Its figures in lines to print."""
    f = model.figures
    n = f["answers"]
    fitted = (
        f"{MARK}: fitted on {n['n']:.0f} options of {n['questions']:.0f} questions, "
        f"{n['safe']:.0f} of them safe; measured by {FOLDS}-fold cross-validation over questions"
    )
    silent = f"{n['abstains']:.0f} short plain ones, {n['abstains_safe']:.0f} of them safe"
    lines = [fitted, f"abstains on {silent}"]
    for name in ("auc", "balanced_accuracy", "kappa"):
        for on in ("", "_decided"):
            got, label = f[name + on], (name + on).replace("_", " ")
            interval = f"{got['low']:.3f} .. {got['high']:.3f}"
            lines.append(f"  {label:28} {got['value']:.3f}   95 % {interval}")
    weights = sorted(zip(FEATURES, model.weights, strict=True), key=lambda w: -abs(w[1]))
    lines.append("  towards safe: " + ", ".join(f"{k} {w:+.2f}" for k, w in weights))
    return "\n".join(lines)


def held_out(choices: Dataset, warned: Dataset, *, seed: int = 0) -> HeldOut:
    """Every option judged by a model that never saw its question; arguments and errors of `fit`."""
    return _held_out(_answers(choices, warned), np.random.default_rng(seed))


def _held_out(answers: _Answers, rng: np.random.Generator) -> HeldOut:
    names = np.unique(answers.question)
    fold_of = dict(zip(rng.permutation(names).tolist(), np.arange(len(names)) % FOLDS, strict=True))
    fold = np.array([fold_of[q] for q in answers.question.tolist()])
    score, called = np.zeros(len(fold)), np.zeros(len(fold), dtype=bool)
    for k in range(FOLDS):
        held = fold == k
        found = _fit(_Answers(*(part[~held] for part in answers)))
        score[held] = found.probabilities(answers.x[held])
        called[held] = score[held] >= found.threshold
    silent = np.array([abstains(tuple(row)) for row in answers.x.tolist()])
    return HeldOut(score, called, silent, len(names))


def _answers(choices: Dataset, warned: Dataset) -> _Answers:
    warnings = {case.cluster: case for case in warned}
    rows: list[tuple[float, ...]] = []
    safe: list[float] = []
    questions: list[str] = []
    for case in choices:
        if not case.options or case.answer is None or case.cluster not in warnings:
            raise ConfigError(
                f"{case.id}: triage needs options with an answer, and a case of {warned.name} with "
                f"its safety warning (cluster {case.cluster})"
            )
        partner: Case = warnings[case.cluster]
        for index, option in enumerate(case.options):
            rows.append(features(partner, option))
            safe.append(float(index == case.answer))
            questions.append(case.cluster)
    if len(set(questions)) < FOLDS:
        raise ConfigError(f"triage needs at least {FOLDS} questions, got {len(set(questions))}")
    return _Answers(np.array(rows), np.array(safe), np.array(questions))


def _fit(answers: _Answers) -> _Fit:
    x, safe = answers.x, answers.safe
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, x, 0).sum(axis=0) / count
    sds = np.sqrt((np.where(known, x - means, 0) ** 2).sum(axis=0) / count)
    sds[sds == 0] = 1.0  # a constant says nothing; its weight stays 0
    z = np.nan_to_num((x - means) / sds)

    def loss(beta: Array) -> tuple[float, Array]:
        logit = z @ beta[1:] + beta[0]
        value = np.logaddexp(0, logit).sum() - safe @ logit + PENALTY / 2 * beta[1:] @ beta[1:]
        off = 0.5 * (1 + np.tanh(logit / 2)) - safe
        return float(value), np.concatenate([[off.sum()], z.T @ off + PENALTY * beta[1:]])

    beta = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    found = _Fit(means, sds, beta[1:], float(beta[0]), 0.5)
    return found._replace(threshold=_threshold(found.probabilities(x), safe))


def _threshold(scores: Array, safe: Array) -> float:
    """The cut between two scores with the best balanced accuracy; the lowest of equals."""
    order = np.argsort(scores, kind="stable")
    values, right = scores[order], safe[order]
    sure = (right.sum() - np.cumsum(right)) / right.sum()  # safe ones above the cut after i
    unsure = np.cumsum(1 - right) / (1 - right).sum()
    balanced = np.where(np.diff(values, append=np.inf) > 0, sure + unsure, -1.0)
    best = int(np.argmax(balanced[:-1]))
    return float((values[best] + values[best + 1]) / 2)


def _figures(answers: _Answers, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    score, over, silent, questions = _held_out(answers, rng)
    called = over.astype(np.float64)
    figures: dict[str, dict[str, float]] = {
        "answers": {
            "n": float(len(score)),
            "questions": float(questions),
            "safe": float(answers.safe.sum()),
            "abstains": float(silent.sum()),
            "abstains_safe": float(answers.safe[silent].sum()),
        }
    }
    for on, keep in (("", np.ones(len(score), dtype=bool)), ("_decided", ~silent)):
        safe, of = answers.safe[keep], answers.question[keep]
        figures["auc" + on] = auc(score[keep], safe, of)
        # of a yes or no, the area is the mean of the two rates
        figures["balanced_accuracy" + on] = auc(called[keep], safe, of)
        kappa = cohen_kappa(called[keep].tolist(), safe.tolist(), clusters=of.tolist())
        figures["kappa" + on] = {"value": kappa.rate, "low": kappa.low, "high": kappa.high}
    return figures


def auc(scores: Array, positive: Array, clusters: npt.NDArray[np.str_]) -> dict[str, float]:
    """Area under the ROC curve with a 95 % interval, for dependent items.

    Args:
        scores: (n,), higher for positive; equals count one half.
        positive: (n,), 0 or 1, both present.
        clusters: (n,), items of a cluster may depend on each other; at least two clusters.

    Returns:
        value, low and high, in [0, 1]. Where all clusters speak alike (perfect separation, one
        score for all) there is no spread to estimate: Wilson's interval for as many items as
        clusters, so that the width is never 0.

    Source:
        Obuchowski (1997), Biometrics 53:567: structural components summed within clusters.
    """
    ones, zeros = scores[positive == 1], scores[positive == 0]
    ranks = rankdata(scores)
    above = (ranks[positive == 1] - rankdata(ones)) / len(zeros)
    below = 1 - (ranks[positive == 0] - rankdata(zeros)) / len(ones)
    area = float(above.mean())
    part = np.empty(len(scores))
    part[positive == 1] = (above - area) / len(ones)
    part[positive == 0] = (below - area) / len(zeros)
    _, of = np.unique(clusters, return_inverse=True)
    sums = np.bincount(of, weights=part)
    m = len(sums)
    variance = float(m / (m - 1) * (sums**2).sum())
    if variance < 1e-12:
        plain = wilson(round(area * m), m)
        return {"value": area, "low": plain.low, "high": plain.high}
    half = float(t.ppf(0.975, m - 1)) * math.sqrt(variance)
    return {"value": area, "low": max(0.0, area - half), "high": min(1.0, area + half)}
