"""The page of `chiasm lab check`: one file, no script, in the style of `chiasm diagnose`'s."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from chiasm.diagnose.flow import Branch, flow
from chiasm.diagnose.page import BRANCHES
from chiasm.diagnose.show import CONDITION_WORDS, NOISE
from chiasm.diagnose.tables import Diagnosis
from chiasm.html import environment
from chiasm.lab.page import SHOWN, audit_rows, picture
from chiasm.report.figures import Segment, interval_bar, stacked_bar
from chiasm.report.page import policy
from chiasm.report.toy import TITLES, WHO
from chiasm.report.wording import percent, span

NAMES = {"leaky": "leaky", "leak_free": "leak-free", "joint": "joint"}

FATES = {
    "refused": "declines",
    "exact": "delivers word for word",
    "broken": "neither",
}

JUDGED = {
    "refusal": "refuses",
    "over_refusal": "refuses",
    "warning": "warns",
    "needless_warning": "warns",
    "unsafe": "helps",
    "helped": "helps",
}


def page(found: Mapping[str, Any], diagnosed: Sequence[Diagnosis]) -> str:
    """The page, as text; the same for the same figures.

    Args:
        found: Of `chiasm.lab.check.check`.
        diagnosed: The diagnoses that its figures are from.
    """
    from chiasm import __version__

    style = _style()
    return environment("chiasm.lab").get_template("check.html.j2").render(
        pictures=[picture(what, colour) for what, colour in SHOWN],
        titles=[(NAMES[s], TITLES[s]) for s in NAMES],
        models=[_model(one) for one in found["models"]],
        judge=[_judge(one) for one in found["judge"]],
        audit=audit_rows(found["audit"]),
        states=[(state.replace("_", " "), css) for state, (css, _) in BRANCHES.items()],
        why=[
            _why(one, figures) for one, figures in zip(diagnosed, found["diagnosis"], strict=True)
        ],
        style=Markup(style),
        policy=policy(style, "", local=False),
        lacking=missing(found),
        version=__version__,
    )  # fmt: skip


def missing(found: Mapping[str, Any]) -> str:
    """What the figures lack, in words; empty where nothing is missing."""
    lost, failed = found["missing"]["verdicts"], found["missing"]["diagnosis"]
    if not lost + failed:
        return ""
    return (
        f"Incomplete: {lost} answers without a verdict, {failed} failed calls of the diagnosis; "
        "the same command asks them again."
    )


def _style() -> str:
    base = files("chiasm.diagnose").joinpath("templates", "diagnosis.css").read_text("utf-8")
    own = files("chiasm.lab").joinpath("templates", "check.css").read_text("utf-8")
    return base + own


def who(model: str) -> str:
    """What a model is, in words; the end of its name where that is not known."""
    plain, _, asked = model.partition("?")
    known = WHO.get(plain, plain.rpartition("/")[2])
    return f"{known}, blinded" if asked else known


def _model(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": one["model"],
        "who": who(one["model"]),
        "random": one["random_tower"],
        "cells": [{"set": NAMES[s], **_cell(one["sets"][s])} for s in NAMES],
    }


def _cell(of: Mapping[str, Any]) -> dict[str, Any]:
    j = of["j"]
    known = j["low"] is not None
    return {
        "j": f"{j['rate']:.2f}" if known else "-",
        "span": f"({j['low']:.2f} .. {j['high']:.2f})" if known else j["reason"],
        "good": known and j["low"] > 0,
        "safe": rate(of["safe"]),
        "over": rate(of["over_refusal"]),
        "delivered": of["unsafe_outcomes"]["exact"],
        "broken": of["unsafe_outcomes"]["broken"],
        "without": of["unsafe_outcomes"]["no verdict"],
    }


def rate(e: Mapping[str, Any]) -> dict[str, str]:
    """A rate with its interval and counts, as texts in percent."""
    lost = e.get("asked", e["n"]) - e["n"]
    bound = f"; {lost} without verdict: {span(e['bound_low'], e['bound_high'], 0)}" if lost else ""
    return {
        "rate": percent(e["rate"], 0),
        "span": span(e["low"], e["high"], 0),
        "share": f"{e['k']}/{e['n']}{bound}",
    }


def _judge(one: Mapping[str, Any]) -> dict[str, Any]:
    words = sorted(one["fates"]["refused"], key=list(JUDGED).index)
    e = one["estimates"]
    shown = ("agreement", "sensitivity", "specificity", "kappa")
    return {
        "name": one["name"],
        "n": one["n"],
        "judge": one["judge"],
        "without": one["without"],
        "positive": one["positive"],
        "words": [JUDGED.get(word, word.replace("_", " ")) for word in words],
        "rows": [
            {"fate": FATES[fate], "counts": [by[word] for word in words], "n": sum(by.values())}
            for fate, by in one["fates"].items()
        ],
        "figures": [(name, _estimate(name, e[name])) for name in shown],
        "always": f"{one['always']['judge']}: {percent(one['always']['agreement'])}",
    }


def _estimate(name: str, e: Mapping[str, Any]) -> str:
    if e["rate"] is None:
        return f"- ({e['reason']})"
    if name == "kappa":
        limits = "" if e["low"] is None else f" ({e['low']:.2f} .. {e['high']:.2f})"
        return f"{e['rate']:.2f}{limits}"
    limits = "" if e["low"] is None else f" ({span(e['low'], e['high'])})"
    return f"{percent(e['rate'])}{limits}, {e['k']}/{e['n']}"


def _why(one: Diagnosis, plain: Mapping[str, Any]) -> dict[str, Any]:
    counts = Counter(case.found.state for case in one.dangerous)
    named = [(s.replace("_", " "), css, counts[s], asked) for s, (css, asked) in BRANCHES.items()]
    told = "; ".join(f"{name} {n}" for name, _, n, _ in named if n)
    return {
        "name": one.model,
        "who": who(one.model),
        "random": "?" in one.model,
        "cases": len(one.dangerous),
        "failed": plain["failed"],
        "bar": stacked_bar([Segment(css, "", name, n) for name, css, n, _ in named if n], told),
        "flow": flow([Branch(*branch) for branch in named]),
        "told": told,
        "causes": _rows(plain["figures"], "failures", ""),
        "conditions": _rows(plain["figures"], "condition", "_dangerous"),
        "noise": [
            f"{NOISE[f['metric']]}: {f['k']}/{f['n']}"
            for f in plain["figures"]
            if f["group"] == "noise" and f["k"]
        ],
        "notes": plain["notes"],
    }


def _rows(table: Sequence[Mapping[str, Any]], group: str, end: str) -> list[dict[str, Any]]:
    """Figures of a group, those that are 0 of the failures left out."""
    rows = []
    for f in table:
        if f["group"] != group or not f["metric"].endswith(end) or not f["n"]:
            continue
        if group == "failures" and not f["k"]:
            continue
        name = f["metric"].removesuffix(end)
        limits = span(f["low"], f["high"])
        shown = CONDITION_WORDS[name] if end else name
        rows.append(
            {
                "name": shown,
                "rate": percent(f["rate"]),
                "limits": limits,
                "share": f"{f['k']}/{f['n']}",
                "bar": interval_bar(f["rate"], f["low"], f["high"], None, f"{shown} {limits}"),
            }
        )
    return rows
