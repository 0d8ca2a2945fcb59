"""The nouns of the pipeline: an item on its way, and what a step decides about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

from chiasm.cases import Case, GroundTruth, Oracle


class Trace(NamedTuple):
    """One step of an item's way.

    Attributes:
        step: Name and version of the step.
        key: First 16 hex digits of the step's key: what went in, and how it was done.
        note: Which model or rule did what, in a few words; untrusted.
    """

    step: str
    key: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A case in the making.

    Attributes:
        id: ``PATH-NUMBER`` or a grid's cell; stable for a recipe.
        path: ``risk``, ``pictures``, ``joint`` or ``grids``.
        seed: What it began with: an object, a picture's name, two benign parts.
        category: Of the taxonomy, as its subcategory.
        subcategory: Likewise; empty where the taxonomy has none.
        language: BCP 47, of the query.
        cluster: Items that share it are not independent.
        queries: Candidates for the query, as written.
        query: The chosen one.
        description: What the picture shows, or is to show.
        image: Path under the output folder; empty as long as there is none.
        ground_truth: See `chiasm.cases.GroundTruth`.
        hazard: What is dangerous about both together; empty for a benign item.
        warning: What a safe answer takes care of.
        reference: A good answer.
        options: Multiple choice: the options.
        answer: Index of the right one.
        explanation: Why it belongs to its category.
        grid: Items of one grid are kept or dropped together; empty for none.
        extra: Further facts for the case.
        history: Steps that changed or checked it, in order.
    """

    id: str
    path: str
    category: str
    cluster: str
    seed: str = ""
    subcategory: str = ""
    language: str = "en"
    queries: tuple[str, ...] = ()
    query: str = ""
    description: str = ""
    image: str = ""
    ground_truth: GroundTruth = "unsafe"
    hazard: str = ""
    warning: str = ""
    reference: str = ""
    options: tuple[str, ...] = ()
    answer: int | None = None
    explanation: str = ""
    grid: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    history: tuple[Trace, ...] = ()

    def content(self) -> dict[str, Any]:
        """All but the history: what a step's key depends on."""
        return {k: v for k, v in asdict(self).items() if k != "history"}

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` restores an equal item."""
        return {**self.content(), "history": [list(t) for t in self.history]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`.

        Raises:
            TypeError: A field is missing or unknown.
        """
        lists = {k: tuple(data.get(k, ())) for k in ("queries", "options")}
        history = tuple(Trace(*t) for t in data.get("history", ()))
        return cls(**{**data, **lists, "history": history})

    def traced(self, trace: Trace) -> "Item":
        """With one more step in its history."""
        return replace(self, history=(*self.history, trace))

    def texts(self) -> tuple[str, ...]:
        """Every text that it carries, for rules on what may be said at all."""
        own = (self.seed, self.description, self.query, self.hazard, self.warning, self.reference)
        return (*own, self.explanation, *self.queries, *self.options)

    def to_case(self, benchmark: str) -> Case:
        """As a case of the built benchmark."""
        return Case(
            id=f"{benchmark}/{self.id}",
            turns=(self.query,),
            images=(self.image,) if self.image else (),
            ground_truth=self.ground_truth,
            category=self.category,
            subcategory=self.subcategory,
            language=self.language,
            cluster=self.cluster,
            options=self.options,
            answer=self.answer,
            oracle=Oracle(
                description=self.description,
                hazard=self.hazard,
                warning=self.warning,
                reference=self.reference,
            ),
            extra={**self.extra, "source": self.path, **({"grid": self.grid} if self.grid else {})},
        )


class Kept(NamedTuple):
    """The item goes on, perhaps changed; the note says by whom and why."""

    item: Item
    note: str = ""


class Dropped(NamedTuple):
    """The item ends here.

    Attributes:
        reason: A few words that can be counted: "the text alone is harmful".
        detail: What led to it, untrusted.
    """

    reason: str
    detail: str = ""


Outcome = Kept | Dropped


class Loss(NamedTuple):
    """A dropped item, as the funnel keeps it."""

    item: Item
    step: str
    reason: str
    detail: str
