"""A comparison of heads as text or Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from chiasm.guard.trained.heads import WORDS

GROUPS = {
    "all": "all test rows",
    "text": "danger in the text",
    "image": "danger in the picture",
    "pair": "danger in the pair",
}
MEASURES = {"auc": "AUC", "fpr_at_95": "false alarms where 95 % of unsafe rows are flagged"}


def table(found: Mapping[str, Any], *, markdown: bool = False) -> str:
    """All tables of a comparison."""
    parts = [_note(found), *(_measure(found, name, markdown) for name in MEASURES)]
    parts += [_differences(found, markdown), _calibration(found, markdown)]
    return "\n\n".join(part for part in parts if part)


def _note(found: Mapping[str, Any]) -> str:
    """What the figures are of, and what the test rows share with what was learnt."""
    said = f"Mean over {found['seeds']} seeds of the test rows; 95 % interval over families."
    also = found.get("families_also_trained_on")
    if also:
        said += f" {len(also)} of their families were trained or calibrated on as well, by name."
    elif also is not None:
        said += " They share no family with training or validation rows."
    shared = found.get("shared")
    if shared:
        said += (
            f" Of {shared['rows']} test rows (those of all seeds added up) {shared['query']} have "
            f"the query and {shared['picture']} a picture of a row that was learnt from: equal "
            "wording, equal bytes; what is only nearly equal is not looked for."
        )
    elif also is not None:
        said += " Whether they share queries or pictures with training is not known."
    if cut := found.get("text_cut"):
        said += f" {cut} rows have a text that is longer than what is read, and was cut."
    return said


def _measure(found: Mapping[str, Any], measure: str, markdown: bool) -> str:
    groups = list(found["groups"])
    head = ["head", *(_group(found, group) for group in groups)]
    cells = {(f["head"], f["group"]): f for f in found["figures"] if f["measure"] == measure}
    lines = [[WORDS[h], *(_value(cells[h, g]) for g in groups)] for h in found["heads"]]
    return f"{MEASURES[measure]}\n{_rows(head, lines, markdown)}"


def _group(found: Mapping[str, Any], group: str) -> str:
    size = found["groups"][group]
    return f"{GROUPS.get(group, group)} ({size['unsafe']} of {size['rows']} unsafe)"


def _value(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return f"- ({figure['reason']})"
    if figure["low"] is None:
        return f"{figure['value']:.3f} ({figure['reason']})"
    return f"{figure['value']:.3f} ({figure['low']:.3f} .. {figure['high']:.3f})"


def _differences(found: Mapping[str, Any], markdown: bool) -> str:
    groups = list(found["groups"])
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found["differences"]:
        if one["measure"] == "auc":
            rows.setdefault((one["head"], one["minus"]), {})[one["group"]] = one
    if not rows:
        return ""
    lines = []
    for (head, minus), by_group in rows.items():
        cells = [_change(by_group[group]) for group in groups]
        lines.append([f"{WORDS[head]} - {WORDS[minus]}", *cells])
    title = f"Difference in AUC on the same rows; * where p < 0.05 (Holm over {len(rows)})"
    return f"{title}\n{_rows(['', *(GROUPS.get(g, g) for g in groups)], lines, markdown)}"


def _change(one: Mapping[str, Any]) -> str:
    if one["value"] is None or one["low"] is None:
        return f"- ({one['reason']})"
    star = "*" if one["p_holm"] < 0.05 else ""
    return f"{one['value']:+.3f} ({one['low']:+.3f} .. {one['high']:+.3f}){star}"


def _calibration(found: Mapping[str, Any], markdown: bool) -> str:
    head = ["head", "ECE before", "after", "Brier before", "after", "unsafe rows flagged",
            "safe rows flagged", "carrier right"]  # fmt: skip
    lines = []
    for name in found["heads"]:
        one = found["calibration"][name]
        right = one["carrier_right"]
        lines.append(
            [
                WORDS[name],
                *(_number(one[when][what]) for what in ("ece", "brier")
                  for when in ("before", "after")),
                _rate(one["hits"]),
                _rate(one["false_alarms"]),
                f"{right['k'] / right['n']:.0%}" if right["n"] else "-",
            ]
        )  # fmt: skip
    title = (
        "Calibrated and with the threshold of the validation families, on all test rows, those of "
        f"{found['seeds']} seeds together"
    )
    body = _rows(head, lines, markdown) if markdown else _columns(head, lines)
    return f"{title}\n{body}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _rate(one: Mapping[str, Any]) -> str:
    if one["rate"] is None:
        return "-"
    if one["low"] is None:
        return f"{one['rate']:.0%} of {one['n']}"
    return f"{one['rate']:.0%} ({one['low']:.0%} .. {one['high']:.0%}) of {one['n']}"


def _rows(head: Sequence[str], lines: Sequence[Sequence[str]], markdown: bool) -> str:
    if markdown:
        rule = "|".join("---" for _ in head)
        body = "\n".join(f"| {' | '.join(line)} |" for line in [head, *lines])
        first, _, rest = body.partition("\n")
        return f"\n{first}\n|{rule}|\n{rest}"
    # A group under another: a terminal has no room for five intervals side by side.
    width = max(len(line[0]) for line in lines)
    parts = []
    for k, title in enumerate(head[1:], 1):
        parts.append(f"  {title}")
        parts += [f"    {line[0]:<{width}}  {line[k]}" for line in lines]
    return "\n".join(parts)


def _columns(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in [head, *lines]
    )
