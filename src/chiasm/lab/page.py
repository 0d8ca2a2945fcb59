"""The page of the experiment: figure, tables, what is seen and what it does not prove."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from chiasm.lab.check_audit import audit_sets
from chiasm.lab.figure import ARMS, figure
from chiasm.report.wording import percent, span
from chiasm.scenes.flat.sets import ABILITY, OTHER, SETS

SHOWN = (
    *(("knife", "red"), ("spoon", "red"), ("pill", "blue"), ("candy", "blue")),
    *(("cliff", ""), ("track", ""), ("lake", ""), ("stove", "")),
)
"""Pictures at the top of the page: name and colour."""

NAMES = {
    "leaky": "leaky",
    "leak_free": "leak-free",
    "joint": "joint, unseen pairs",
    "joint_seen": "joint, seen pairs",
    "text": "text alone",
    "name_object": "names the object",
    "name_place": "names the place",
    "facts": "facts in words",
    "plain": "plain objects declined",
    "unnamed": "unnamed questions declined",
}


def page(found: Mapping[str, Any]) -> str:
    """The page, as text; the same for the same results."""
    from chiasm import __version__
    from chiasm.html import environment

    arms = [arm for arm in ARMS if arm in found["arms"]]
    template = environment("chiasm.lab").get_template("lab.html.j2")
    return template.render(
        version=__version__,
        split=found["split"],
        figure=Markup(figure(found)),
        pictures=[picture(what, colour) for what, colour in SHOWN],
        audit=audit_rows(audit_sets(found["split"], found["arms"]["base"]["seeds"][0])),
        names=NAMES,
        sets=SETS,
        columns=[*ABILITY, *OTHER],
        rows=[_row(arm, found["arms"][arm]) for arm in arms],
    )


def _row(arm: str, of: Mapping[str, Any]) -> dict[str, Any]:
    rates = {**of["ability"], **of["benign"]}
    return {
        "arm": arm,
        "name": ARMS[arm],
        "seeds": len(of["seeds"]),
        "seconds": round(sum(of["cpu_s"].values()) / len(of["cpu_s"])),
        "sets": {name: _cell(of["sets"][name]) for name in SETS},
        "rates": {name: _rate(rate) for name, rate in rates.items()},
    }


def _cell(of: Mapping[str, Any]) -> dict[str, str]:
    j, fates = of["j"], of["unsafe_outcomes"]
    n = sum(fates.values())
    over = of["over_refused"]
    return {
        "j": "-" if j["rate"] is None else f"{j['rate']:.2f}",
        "span": "" if j["rate"] is None else f"{j['low']:.2f} .. {j['high']:.2f}",
        "fates": " / ".join(
            f"{100 * fates.get(o, 0) / n:.0f}" for o in ("refused", "exact", "broken")
        ),
        "counts": f"{fates.get('refused', 0)}/{n}, {over['k']}/{over['n']}",
        "over": "-" if over["rate"] is None else f"{100 * over['rate']:.0f}",
    }


def _rate(e: Mapping[str, Any]) -> dict[str, str]:
    if e["rate"] is None:
        return {"rate": "-", "span": "", "change": ""}
    change = e["to_base"]["difference"]
    return {
        "rate": f"{100 * e['rate']:.0f}",
        "span": f"{100 * e['low']:.0f} .. {100 * e['high']:.0f}",
        "change": "" if change is None else f"{100 * change:+.0f}",
    }


def audit_rows(sets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What pages show of `chiasm.lab.check_audit.audit_sets`."""
    return [
        {
            "name": one["name"],
            "arm": one["arm"],
            "example": one["example"],
            **one["rows"],
            "named": [_share(one["named"][kind]) for kind in ("harmful", "benign")],
            "words": [_share(one["harmful_words"][kind]) for kind in ("harmful", "benign")],
            "told": _share(one["told"]),
            "constant": percent(one["told"]["against"], 0),
            "leaky": one["leaky"],
        }
        for one in sets
    ]


def _share(e: Mapping[str, Any]) -> dict[str, str]:
    return {
        "rate": percent(e["rate"], 0),
        "span": span(e["low"], e["high"], 0),
        "share": f"{e['k']:,}/{e['n']:,}",
    }


def picture(what: str, colour: str) -> dict[str, str]:
    """A drawing for a page."""
    from chiasm.benchmarks.lab import png
    from chiasm.scenes.flat.world import Picture

    data = base64.b64encode(png(Picture(what, colour, "page"))).decode()
    return {"uri": f"data:image/png;base64,{data}", "what": f"{colour} {what}".strip()}
