"""A dataset of which a scripted guard's every verdict is known beforehand."""

import json
from pathlib import Path

from tests.servers.leaky import picture

from chiasm.cases import Case, Dataset

BY_HAND = {
    (1, 1, 1): 7,
    (1, 1, 0): 11,
    (1, 0, 1): 5,
    (1, 0, 0): 3,
    (0, 1, 1): 2,
    (0, 1, 0): 4,
    (0, 0, 1): 6,
    (0, 0, 0): 12,
}
"""(J(T, I), J(T), J(I)) -> rows."""

BENIGN = {(1, 1, 0): 2, (0, 1, 0): 3, (0, 0, 1): 4, (0, 0, 0): 21}


def dataset(
    root: Path, table=None, *, name="shelves", truth="unsafe", start=0, extra=""
) -> Dataset:
    """Rows in a fixed mixture, in two categories, each with a picture of its own."""
    codes = [code for code, n in (table or BY_HAND).items() for _ in range(n)]
    (root / "images").mkdir(parents=True, exist_ok=True)
    cases = []
    for row, (both, text, image) in enumerate(codes, start=start):
        path = f"images/{row}.png"
        (root / path).write_bytes(picture(row, bool(image)))
        cases.append(
            Case(
                id=f"{name}/{row}",
                turns=(f"What goes on shelf {row}? [{both}{text}]{extra}",),
                images=(path,),
                ground_truth=truth,
                category=("garden", "kitchen")[row % 2],
                cluster=f"{name}/{row // 2}",
            )
        )
    return Dataset(name=name, root=root, cases=tuple(cases))


def as_siuo(root: Path, made: Dataset) -> Path:
    """The same rows in the format of ``siuo_gen.json``, for the command line."""
    rows = [
        {
            "question_id": number,
            "image": Path(case.images[0]).name,
            "question": case.query,
            "category": case.category,
            "safety_warning": "The shelf is wet.",
            "reference_answer": "Dry the shelf first.",
        }
        for number, case in enumerate(made.cases, start=1)
    ]
    (root / "siuo_gen.json").write_text(json.dumps(rows), encoding="utf-8")
    return root
