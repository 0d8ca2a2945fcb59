"""Does the adjusted interval cover, and is it narrower than people's labels alone?

Draws are made as counts of labels by the judge's verdict, all at once; `adjust` itself is compared
with them by test_adjusted_coverage.py. Prints the tables of docs/adjusted.md:

    python -m tests.stats.coverage_adjusted ../shared/data/msts
"""

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtr
from scipy.stats import hypergeom

from chiasm.stats import adjust, choose
from chiasm.stats.cells import halves, limits
from chiasm.stats.intervals import score_limits
from chiasm.stats.labelled import student
from chiasm.stats.sampling import neyman

DRAWS, LABELS = 2000, 200
JUDGES = {  # sensitivity, specificity
    "perfect": (1.0, 1.0),
    "symmetric 90 %": (0.9, 0.9),
    "symmetric 80 %": (0.8, 0.8),
    "lenient": (0.6, 0.95),
    "strict": (0.95, 0.6),
    "useless": (0.5, 0.5),
}
SIZES = {167: 80, 2241: 200}
RATES = (0.05, 0.25)
CLUSTERED = (  # judge, cases, answers a case, rate, labels, share of copied pairs
    ("symmetric 90 %", 167, 3, 0.25, 150, 0.6),
    ("lenient", 167, 3, 0.05, 150, 0.6),
    ("symmetric 80 %", 12, 20, 0.25, 100, 0.3),
    ("strict", 400, 10, 0.05, 200, 0.3),
)


class Seen(NamedTuple):
    """Coverage and median full width of an interval over draws."""

    coverage: float
    width: float

    @classmethod
    def of(cls, low, high, truth):
        return cls(float(((low <= truth) & (truth <= high)).mean()), float(np.median(high - low)))

    def __str__(self):
        return f"{100 * self.coverage:.1f} / {100 * self.width:.1f}"


def msts(folder):
    """People's verdicts (1: unsafe), each judge's (NaN: neither safe nor unsafe), and the cases."""
    with (folder / "response_annotations-english_multimodal.csv").open(newline="") as lines:
        people = list(csv.DictReader(lines))
    with (folder / "auto_eval-english_multimodal_autoeval.csv").open(newline="") as lines:
        judged = list(csv.DictReader(lines))
    codes = {"safe": 0.0, "unsafe": 1.0}
    truth = np.array([float("unsafe" in row["final_label"]) for row in people])
    judges = {
        name: np.array([codes.get(row[name], np.nan) for row in judged]) for name in judged[0]
    }
    return truth, judges, [row["case_id"] for row in people]


def split(sizes, labels, equal=False):
    """Labels by verdict class: as `choose` does in the first round, or half and half."""
    sizes = np.atleast_2d(sizes)
    least = np.minimum(10, sizes)
    if equal:
        second = np.minimum(labels // 2, sizes[:, 1])
    else:
        rows = zip(sizes, 1 / np.sqrt(np.maximum(sizes, 1)), least, strict=True)
        second = np.rint([neyman(of, spread, labels, low)[1] for of, spread, low in rows])
        second = second.astype(int)
    return np.column_stack([np.minimum(labels - second, sizes[:, 0]), second])


def drawn(rng, ones, sizes, labels):
    """Yes labels by class, shape (n_draws, 2)."""
    return rng.hypergeometric(ones, sizes - ones, labels)


def adjusted_limits(ones, labels, sizes, population=False):
    n = sizes.sum(-1, keepdims=True)
    shares = sizes / n
    rates = np.divide(ones, labels, out=np.zeros(ones.shape), where=labels > 0)
    room = 1 - labels / np.maximum(sizes, 1)
    size = np.divide(labels, room, out=np.full(ones.shape, np.inf), where=room > 0)
    size = np.where(sizes == 0, np.inf, size)
    cells = (sizes > 0).sum(-1)
    quantiles = [student(k, 0.95) for k in (labels.sum(-1) - cells).tolist()]
    quantile = np.array(quantiles)[:, None]
    below, above = halves(rates, size, shares, quantile)
    rate = (shares * rates).sum(-1)
    if population:
        more = halves(rate[:, None], n.astype(float), np.ones(1), quantile)
        below, above = np.hypot(below, more.below), np.hypot(above, more.above)
    return np.maximum(0, rate - below), np.minimum(1, rate + above), rate


def alone_limits(ones, labels, sizes):
    """The same labels and weights, verdicts unused: Wilson on the spread, and on the weights."""
    weights = sizes / sizes.sum() / labels
    rate = (weights * ones).sum(-1)
    off = ones * (1 - rate[:, None]) ** 2 + (labels - ones) * rate[:, None] ** 2
    total, room = labels.sum(), 1 - labels / sizes
    variance = total / (total - 1) * (room * weights**2 * off).sum(-1)
    by_weights = 1 / (room * weights**2 * labels).sum()
    by_spread = rate * (1 - rate) / np.maximum(variance, 1e-12)
    by_spread = np.where(variance > 0, by_spread, by_weights)
    quantile = student(int(total) - 1, 0.95)
    size = np.minimum(by_spread, by_weights)[:, None]
    reach = halves(rate[:, None], size, np.ones(1), quantile)
    weighted = rate - reach.below, rate + reach.above
    return score_limits(rate, by_spread, quantile), weighted


def random_limits(rng, truth, n, labels, draws):
    """Wilson's interval of labels drawn at random, no judge at all."""
    ones = rng.hypergeometric(round(truth * n), n - round(truth * n), labels, draws)
    return score_limits(ones / labels, labels / (1 - labels / n), 1.96)


class OnMsts(NamedTuple):
    raw: float
    power: float
    adjusted: Seen
    half: Seen
    random: Seen
    alone_spread: Seen
    alone: Seen
    split: tuple[int, int]


def on_msts(truth, verdicts, seed=0, draws=DRAWS, labels=LABELS):
    """What 200 labels, stratified by verdict, give. The one or two without a verdict: safe."""
    rng = np.random.default_rng(seed)
    says, n = np.nan_to_num(verdicts).astype(int), len(truth)
    sizes, yes = np.bincount(says), np.bincount(says, truth).astype(int)
    found = {}
    for equal in (False, True):
        taken = split(sizes, labels, equal)[0]
        ones = drawn(rng, yes, sizes, np.tile(taken, (draws, 1)))
        rows = np.tile(taken, (draws, 1)), np.tile(sizes, (draws, 1))
        low, high, _ = adjusted_limits(ones, *rows)
        found[equal] = Seen.of(low, high, truth.mean())
        if not equal:
            spread, weights = alone_limits(ones, taken, sizes)
            alone = [Seen.of(*limits, truth.mean()) for limits in (spread, weights)]
            kept = tuple(taken.tolist())
    random = Seen.of(*random_limits(rng, truth.mean(), n, labels, draws), truth.mean())
    power = yes[1] / sizes[1] - yes[0] / sizes[0]
    return OnMsts(says.mean(), power, found[False], found[True], random, *alone, kept)


def of_type(name, n, rate, seed=0, draws=DRAWS):
    """A judge of known errors on new responses each time: target items, population, at random."""
    rng = np.random.default_rng(seed)
    sens, spec = JUDGES[name]
    cells = [rate * sens, (1 - rate) * (1 - spec), rate * (1 - sens), (1 - rate) * spec]
    tp, fp, fn, tn = rng.multinomial(n, cells, draws).T
    yes, sizes = np.column_stack([fn, tp]), np.column_stack([fn + tn, tp + fp])
    labels = split(sizes, SIZES[n])
    ones = drawn(rng, yes, sizes, labels)
    truth = yes.sum(1) / n
    items = Seen.of(*adjusted_limits(ones, labels, sizes)[:2], truth)
    population = Seen.of(*adjusted_limits(ones, labels, sizes, population=True)[:2], rate)
    alone = rng.hypergeometric(yes.sum(1), n - yes.sum(1), SIZES[n])
    low, high = score_limits(alone / SIZES[n], SIZES[n] / (1 - SIZES[n] / n), 1.96)
    return items, population, Seen.of(low, high, truth)


def clustered_type(name, cases, answers, rate, labels, copied, seed=0, draws=300):
    """Several answers a case, alike more often than not: coverage for the population."""
    rng = np.random.default_rng(seed)
    sens, spec = JUDGES[name]
    clusters, n = np.repeat(np.arange(cases), answers), cases * answers
    hits, widths = 0, []
    for _ in range(draws):
        copy = rng.random(n) < np.sqrt(copied)
        truth = np.where(copy, rng.random(cases)[clusters], rng.random(n)) < rate
        luck = np.where(copy, rng.random(cases)[clusters], rng.random(n))
        says = np.where(truth, luck < sens, luck >= spec).astype(float)
        chosen = choose(says, labels, rng)
        given = np.full(n, np.nan)
        given[chosen.indices] = truth[chosen.indices]
        found = adjust(
            says, given, chosen.probabilities, clusters=clusters.tolist(), target="population"
        )
        hits += found.low <= rate <= found.high
        widths.append(found.high - found.low)
    return Seen(hits / draws, float(np.median(widths)))


def msts_rows(folder):
    truth, judges, _ = msts(folder)
    for name, verdicts in judges.items():
        found = on_msts(truth, verdicts)
        yield (
            f"| {name} | {100 * found.raw:.1f} | {found.power:.2f} | "
            f"{found.split[0]} + {found.split[1]} | {found.adjusted} | {found.half} | "
            f"{found.random} | {found.alone} | {found.alone_spread} |"
        )


def type_rows():
    for n in SIZES:
        for name in JUDGES:
            cells = [" | ".join(map(str, of_type(name, n, rate))) for rate in RATES]
            yield f"| {n} | {name} | " + " | ".join(cells) + " |"


def cluster_rows():
    for setting in CLUSTERED:
        name, cases, answers, rate, labels, copied = setting
        given = f"{cases} x {answers} | {name} | {rate} | {labels} | {copied}"
        yield f"| {given} | {clustered_type(*setting)} |"


def jeffreys(rate, size, quantile):
    tail = ndtr(-quantile)
    a, b = rate * size + 0.5, (1 - rate) * size + 0.5
    low, high = betaincinv(a, b, tail), betaincinv(a, b, 1 - tail)
    return np.where(rate == 0, 0, low), np.where(rate == 1, 1, high)


LIMITS = {"Wilson": score_limits, "Jeffreys": jeffreys, "mean of both": limits}


def exact_coverage(method, yes, sizes, labels):
    """Sum over all numbers of yes labels whose interval holds the truth: no Monte-Carlo error."""
    below, above, weights, rates = [], [], [], []
    for ones, size, taken in zip(yes, sizes, labels, strict=True):
        k = np.arange(taken + 1)
        rate, share = k / taken, size / sizes.sum()
        low, high = (rate, rate)
        if taken < size:
            low, high = method(rate, taken / (1 - taken / size), 1.96)
        below.append(share * (rate - low))
        above.append(share * (high - rate))
        weights.append(hypergeom.pmf(k, size, ones, taken))
        rates.append(share * rate)
    rate, truth = np.add.outer(*rates), yes.sum() / sizes.sum()
    low = rate - np.hypot.outer(*below)
    high = rate + np.hypot.outer(*above)
    weight = np.multiply.outer(*weights)
    return weight[(low <= truth) & (truth <= high)].sum(), (weight * (high - low)).sum()


def limit_rows():
    """Each kind of limits over 30 rates from .02 to .6 and five judges, half and half."""
    for n, budget in ((167, 50), (167, 80), (2241, 50), (2241, 200)):
        for name, method in LIMITS.items():
            found = []
            for sens, spec in list(JUDGES.values())[1:]:
                for rate in np.linspace(0.02, 0.6, 30):
                    ones = round(n * rate)
                    tp, tn = round(ones * sens), round((n - ones) * spec)
                    yes, sizes = np.array([ones - tp, tp]), np.array([tn + ones - tp, 0])
                    sizes[1] = n - sizes[0]
                    found.append(exact_coverage(method, yes, sizes, split(sizes, budget, True)[0]))
            coverage, width = 100 * np.array(found).T
            below = int((coverage < 93).sum())
            yield (
                f"| {n} | {budget} | {name} | {coverage.mean():.1f} | {coverage.min():.1f} | "
                f"{below} of {len(coverage)} | {width.mean():.1f} |"
            )


if __name__ == "__main__":
    for rows in (msts_rows(Path(sys.argv[1])), type_rows(), cluster_rows(), limit_rows()):
        print(*rows, "", sep="\n")
