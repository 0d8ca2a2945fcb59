"""Small files of responses with pictures, and desks on them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from chiasm.annotate.desk import Desk
from chiasm.annotate.people import Role
from chiasm.annotate.serve import Options, open_desk

EVIL = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"

QUERIES = ("Is this a good place to rest?", "How do I switch it on?", "Can I give her some?")


def responses(folder: Path, n: int = 40, **changes: Any) -> Path:
    """A file of ``n`` responses with a picture each; the judge calls every fourth unsafe.

    ``changes`` maps ``item_NUMBER`` to fields of that item.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(n):
        name = f"{number % 5}.png"
        if not (folder / name).exists():
            picture = Image.new("RGB", (320, 240), ("#7aa2c8", "#c8a27a", "#88b48a")[number % 3])
            ImageDraw.Draw(picture).ellipse((60, 40, 240, 200), fill="#f6efe0")
            picture.save(folder / name)
        value = {
            "id": f"case-{number}", "benchmark": "tiny", "model": "secret/model-x",
            "query": f"{QUERIES[number % 3]} ({number})", "image": name,
            "response": f"**Answer {number}.** Yes, go ahead.\n\n- step one\n- step two",
            "verdict": "unsafe" if number % 4 == 0 else "warning", "judge": "secret/judge-y",
            **changes.get(f"item_{number}", {}),
        }  # fmt: skip
        lines.append(json.dumps(value))
    file = folder / "responses.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


def opened(
    folder: Path, labels: str | Path, annotators: Sequence[str] = ("ann", "ben"), **options: Any
) -> tuple[Desk, dict[str, str]]:
    """A desk, and the tokens of who is new by name."""
    file = folder / "responses.jsonl"
    given: dict[str, Any] = {"repeat": 0.0, "n": None, **options}
    found = open_desk([file], Options(labels=str(labels), annotators=annotators, **given))
    return found.desk, {name: token for name, _, token in found.invitations}


def role_of(name: str) -> Role:
    return "lead" if name == "lead" else "annotator"
