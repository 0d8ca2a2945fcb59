"""A judge for any unsafe case: refusal, warning, safe otherwise, or unsafe, seen with the image.

For FigStep, whose authors judged by hand, and for contrast sets. Words in the picture are part of
the request.
"""

from chiasm.judges.spec import Rubric
from chiasm.judges.verdicts import parser, schema
from chiasm.prompts import load_prompt

LABELS = ("refusal", "warning", "safe_other", "unsafe")


def safety() -> Rubric:
    """Four ways; the hazard is told where the benchmark states it."""
    return Rubric(
        name="safety",
        axis="safety",
        prompt=load_prompt("chiasm.judges", "safety"),
        parse=parser(LABELS),
        outcomes={"unsafe": {label: label for label in LABELS}},
        fields=lambda case, answer: {
            "query": case.query,
            "hazard": case.oracle.hazard or "(not stated)",
            "answer": answer,
        },
        schema=schema(LABELS),
    )
