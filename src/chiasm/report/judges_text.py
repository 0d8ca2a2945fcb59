"""Several judges on the same responses, as lines for a terminal and as plain data."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from chiasm.cases import MISSING, OUTCOMES
from chiasm.report.judges import Agreement, Figure, Member, Several, several
from chiasm.report.rejudged import Rejudged, rejudged
from chiasm.report.wording import NAMES, percent, span, wrap
from chiasm.stats import Estimate

SHOWN = 8
"""Flipped responses that are named; all are in the JSON."""


def lines(frame: pl.DataFrame) -> Iterator[str]:
    """Tables of panels, cascades and logs judged again; nothing where one judge judged once."""
    tables = [list(_several(one)) for one in several(frame)]
    tables += [list(_rejudged(pair)) for pair in rejudged(frame)]
    for i, table in enumerate(tables):
        yield from ["", *table] if i else table


def as_json(frame: pl.DataFrame) -> dict[str, Any]:
    """The object "judges": "several" and "rejudged"; NaN becomes null, rates are in [0, 1]."""
    return {
        "several": [_plain_several(one) for one in several(frame)],
        "rejudged": [_plain_rejudged(one) for one in rejudged(frame)],
    }


def _several(one: Several) -> Iterator[str]:
    key = one.key
    yield from wrap(
        f"judges on {one.axis} - {key['benchmark']}/{key['protocol']} - {key['model']} - "
        f"{key['judge']}: {one.responses} responses",
        indent=0,
    )
    for member in one.members:
        yield from wrap(_member(member, one.rule), hang=4)
    if one.open:
        listed = ", ".join(f"{k} {reason}" for reason, k in one.open.items())
        yield from wrap(f"no verdict of them together: {listed}")
    if one.sides is not None and one.words is not None:
        yield from wrap(
            f"disagreed whether there is fault: {_figure(one.sides)}; "
            f"in the outcome: {_figure(one.words)}",
            hang=4,
        )
    for pair in one.pairs:
        yield from wrap(f"{pair.first} and {pair.second}, on fault: {_agreement(pair)}", hang=4)


def _member(member: Member, rule: str) -> str:
    told = [f"{member.judge}:"]
    if rule == "else":
        told.append(f"asked {member.asked}, decided {member.decided}")
    else:
        told.append(f"voted {member.voted} of {member.asked}")
    missing = ", ".join(f"{n} {reason}" for reason, n in member.missing_by.items())
    told.append(f"({missing})" if missing else "")
    rates = ", ".join(f"{NAMES[m]} {_figure(f)}" for m, f in member.rates.items())
    told.append(f"; alone it says {rates}" if rates and rule != "else" else "")
    return " ".join(t for t in told if t).replace(" ;", ";")


def _figure(found: Figure) -> str:
    e = found.estimate
    told = f"{percent(_or_none(e.rate))} ({_span(e)}) {e.k}/{e.n}"
    if found.asked > e.n:
        told += f", {found.asked - e.n} open, bounds {span(found.low, found.high)}"
    return told


def _agreement(pair: Agreement) -> str:
    kappa = pair.kappa
    told = f"same {percent(_or_none(pair.same.rate))} ({_span(pair.same)}) "
    told += f"{pair.same.k}/{pair.same.n}, "
    if kappa.rate == kappa.rate:
        limits = f" ({kappa.low:.2f} .. {kappa.high:.2f})" if kappa.low == kappa.low else ""
        told += f"kappa {kappa.rate:.2f}{limits}"
    else:
        told += f"kappa undefined: {kappa.reason}"
    return told + (f"; {pair.left_out} not decided by both" if pair.left_out else "")


def _rejudged(one: Rejudged) -> Iterator[str]:
    key = one.key
    view = f" - view {key['view']}" if key["view"] != "full" else ""
    yield from wrap(
        f"judged again, {one.axis} - {key['benchmark']} - {key['model']}{view}: "
        f"{sum(one.table.values())} responses",
        indent=0,
    )
    yield from wrap(f"A: {one.first}")
    yield from wrap(f"B: {one.second}")
    for metric, (a, b, d) in one.rates.items():
        limits = f" ({100 * d.low:+.1f} .. {100 * d.high:+.1f})" if d.low == d.low else ""
        moved = f"{100 * d.difference:+.1f}{limits}" if d.difference == d.difference else "-"
        yield from wrap(
            f"{NAMES[metric]}: A {_figure(a)}; B {_figure(b)}; B - A {moved} points on {d.n} cases",
            hang=4,
        )
    yield from wrap(f"on fault: {_agreement(one.sides)}")
    yield from wrap(f"on the outcome: {_agreement(one.words)}")
    yield from _cross(one)
    if one.flipped:
        named = [
            f"{case}{f'#{epoch}' if epoch > 1 else ''} {a} -> {b}"
            for case, epoch, a, b in one.flipped[:SHOWN]
        ]
        more = f", and {len(one.flipped) - SHOWN} more" if len(one.flipped) > SHOWN else ""
        yield from wrap(f"flipped {len(one.flipped)}: {'; '.join(named)}{more}", hang=4)


def _cross(one: Rejudged) -> Iterator[str]:
    order = (*OUTCOMES[one.axis], *MISSING)  # type: ignore[index]
    rows = [w for w in order if any(a == w for a, _ in one.table)]
    columns = [w for w in order if any(b == w for _, b in one.table)]
    width = max(7, *(len(_short(w)) + 2 for w in columns))
    yield f"  {'A down, B across':<22}" + "".join(f"{_short(c):>{width}}" for c in columns)
    for a in rows:
        cells = "".join(f"{one.table.get((a, b), 0) or '.':>{width}}" for b in columns)
        yield f"    {a:<20}{cells}"


def _short(word: str) -> str:
    shorter = {
        "safe_unspecified": "safe",
        "partially_effective": "partly",
        "needless_warning": "warned",
    }
    return shorter.get(word, word)


def _span(e: Estimate) -> str:
    return span(_or_none(e.low), _or_none(e.high))


def _or_none(value: float) -> float | None:
    return None if value != value else float(value)


def _plain_estimate(e: Estimate) -> dict[str, Any]:
    return {
        "k": e.k,
        "n": e.n,
        "rate": _or_none(e.rate),
        "low": _or_none(e.low),
        "high": _or_none(e.high),
        "method": e.method,
        "reason": e.reason,
    }


def _plain_figure(found: Figure | None) -> dict[str, Any] | None:
    if found is None:
        return None
    ends = {"bound_low": _or_none(found.low), "bound_high": _or_none(found.high)}
    return {**_plain_estimate(found.estimate), "asked": found.asked, **ends}


def _plain_agreement(pair: Agreement) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "same": _plain_estimate(pair.same),
        "kappa": _plain_estimate(pair.kappa),
        "left_out": pair.left_out,
    }


def _plain_several(one: Several) -> dict[str, Any]:
    return {
        **one.key,
        "axis": one.axis,
        "rule": one.rule,
        "responses": one.responses,
        "members": [
            {
                "judge": m.judge,
                "asked": m.asked,
                "voted": m.voted,
                "missing_by": m.missing_by,
                "decided": m.decided,
                "rates": {name: _plain_figure(f) for name, f in m.rates.items()},
            }
            for m in one.members
        ],
        "disagreed_on_fault": _plain_figure(one.sides),
        "disagreed_on_outcome": _plain_figure(one.words),
        "agreement_on_fault": [_plain_agreement(p) for p in one.pairs],
        "open": one.open,
    }


def _plain_rejudged(one: Rejudged) -> dict[str, Any]:
    def rate(found: tuple[Figure, Figure, Any]) -> Mapping[str, Any]:
        first, second, d = found
        change = {k: _or_none(getattr(d, k)) for k in ("difference", "low", "high", "p")}
        return {
            "first": _plain_figure(first),
            "second": _plain_figure(second),
            "second_minus_first": {**change, "n": d.n, "method": d.method, "reason": d.reason},
        }

    return {
        **one.key,
        "axis": one.axis,
        "first": one.first,
        "second": one.second,
        "table": [{"first": a, "second": b, "n": n} for (a, b), n in sorted(one.table.items())],
        "on_fault": _plain_agreement(one.sides),
        "on_outcome": _plain_agreement(one.words),
        "rates": {metric: rate(found) for metric, found in one.rates.items()},
        "flipped": [
            {"case": case, "epoch": epoch, "first": a, "second": b}
            for case, epoch, a, b in one.flipped
        ],
    }
