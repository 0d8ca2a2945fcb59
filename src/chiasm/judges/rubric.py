"""The rubrics by name: ours, and the authors' own where they can be pinned."""

from collections.abc import Callable, Mapping
from pathlib import Path

from chiasm.errors import ConfigError
from chiasm.judges import mm_safetybench, mossbench, mssbench, safety, siuo, vlsbench
from chiasm.judges.spec import Rubric

__all__ = ["OURS", "PAPER", "Rubric", "rubric"]

OURS: Mapping[str, Callable[[], Rubric]] = {
    "siuo_safety": siuo.safety,
    "siuo_effectiveness": siuo.effectiveness,
    "vlsbench_safety": vlsbench.safety,
    "mossbench_refusal": mossbench.refusal,
    "safety": safety.safety,
    "mm_safetybench_safety": mm_safetybench.safety,
    "mssbench_classes": mssbench.classes,
}
"""Protocol ``chiasm@1``."""

PAPER: Mapping[str, Callable[[Path | None], Rubric]] = {
    "siuo_safety": siuo.paper_safety,
    "siuo_effectiveness": siuo.paper_effectiveness,
    "vlsbench_safety": vlsbench.paper_safety,
    "mossbench_refusal": mossbench.paper_refusal,
    "mssbench_classes": mssbench.paper_classes,
}
"""Protocol ``paper``: the authors' own."""


def rubric(name: str, *, protocol: str = "chiasm@1", file: Path | None = None) -> Rubric:
    """A rubric.

    Args:
        name: As in `chiasm.benchmarks.Protocol.judges`.
        protocol: ``paper`` for the authors' own, anything else for ours.
        file: For ``paper``: a local copy of the authors' file (``--rubric FILE``).

    Raises:
        ConfigError: There is none of that name, or the authors' can't be had.

    >>> rubric("siuo_safety").id.partition("@")[0]
    'siuo_safety'
    """
    if name not in OURS:
        raise ConfigError(f"no rubric {name!r}; there are {', '.join(OURS)}")
    if protocol != "paper":
        if file is not None:
            raise ConfigError(f"--rubric {file}: only the protocol paper takes the authors' file")
        return OURS[name]()
    if name not in PAPER:
        raise ConfigError(
            f"{name} has no protocol paper: the authors' rubric could not be pinned; "
            "use --protocol chiasm@1"
        )
    return PAPER[name](file)
