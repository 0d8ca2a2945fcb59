"""People's verdicts on responses: what a label is, and which response it is about.

A label is about one text that one model said, whoever judged it: its response's id is made of the
benchmark, the input condition, the model, the case, the number of the answer and a digest of the
answer's text. A log that is judged again has the same ids; a model that is asked again has others.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from chiasm.cases import MISSING, OUTCOMES, Axis
from chiasm.errors import DataError

Purpose = Literal["label", "repeat", "gold", "adjudication"]
"""Why somebody was asked: the usual label; the same response again, for self-agreement; a response
with a known answer, for training; a decision between people who disagree."""

FLAGGED = "flagged"
"""In place of an outcome: this person can't or won't decide. Counted, never a verdict."""


def answer_digest(text: str) -> str:
    """Digest of an answer's text, 12 hex digits.

    >>> answer_digest("Step back from the edge.")
    '149e2ad48aaf'
    """
    return sha256(text.encode()).hexdigest()[:12]


def response_id(benchmark: str, view: str, model: str, case: str, epoch: int, digest: str) -> str:
    """Id of a response, 16 hex digits; `digest` is the `answer_digest` of its text."""
    parts = (benchmark, view, model, case, str(epoch), digest)
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One person's verdict on one response.

    Attributes:
        response: See `response_id`.
        annotator: A pseudonym; never a name or an address.
        outcome: Of the axis, such as ``unsafe``; or ``flagged``.
        axis: ``safety`` or ``usefulness``.
        purpose: See `Purpose`.
        note: What the person wrote; untrusted.
        at: When, ISO 8601 in UTC; empty where unknown.
        seconds: How long it took; None where unknown.
        guideline: Digest of the guideline that was shown; empty where unknown.
        probability: With which the response was chosen to be labelled, in (0, 1]; None where it is
            not known, and then no rate can be corrected by it.
        source: Tool and file that it came from; empty for our own application.
    """

    response: str
    annotator: str
    outcome: str
    axis: Axis = "safety"
    purpose: Purpose = "label"
    note: str = ""
    at: str = ""
    seconds: float | None = None
    guideline: str = ""
    probability: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what no figure could be made of.

        Raises:
            DataError: An outcome that the axis does not have, an empty id, a wrong probability.
        """
        if not self.response or not self.annotator:
            raise DataError("a label needs a response and an annotator")
        if self.axis not in OUTCOMES or self.purpose not in get_args(Purpose):
            raise DataError(f"unknown axis or purpose: {self.axis!r}, {self.purpose!r}")
        known = (*OUTCOMES[self.axis], FLAGGED)
        if self.outcome not in known or self.outcome in MISSING:
            raise DataError(
                f"{self.outcome!r} is no label on {self.axis}; these are: {', '.join(known)}"
            )
        if self.probability is not None and not 0 < self.probability <= 1:
            raise DataError(f"probability {self.probability} is not in (0, 1]")
