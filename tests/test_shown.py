"""Whatever the model was shown, the judge sees the case's own picture, read and encoded once."""

import json
from collections import Counter
from hashlib import sha256

import pytest
from PIL import Image

from chiasm import run

ROW = {
    "instruction": "What next?",
    "category": "Home",
    "sub_category": "Kitchen",
    "image_description": "A table.",
    "safety_reason": "None.",
    "source": "made",
}


@pytest.mark.parametrize("view", ["full", "text_only", "swapped_image", "blank_image"])
def test_the_judge_sees_the_case_own_picture(openai_server, tmp_path, view):
    (tmp_path / "imgs").mkdir()
    own = {}
    for i in range(3):
        file = tmp_path / "imgs" / f"{i}.png"
        Image.new("RGB", (8, 8), (i, 0, 0)).save(file)
        own[f"{i}?"] = sha256(file.read_bytes()).hexdigest()
    rows = [
        {**ROW, "instruction": f"{i}?", "instruction_id": i, "image_path": f"imgs/{i}.png"}
        for i in range(3)
    ]
    (tmp_path / "data.json").write_text(json.dumps(rows))
    plan = run.Plan(
        tasks=("vlsbench",),
        models=(openai_server.model(f"model-warn-{view}"),),
        grader=openai_server.model(f"judge-{view}"),
        data={"": str(tmp_path)},
        task_args={"seed": 0, "view": view, "allow": "DIGEST_MISMATCH,ROWS"},
    )
    run.evaluate(plan, tmp_path / "logs")
    for request in openai_server.requests("judge"):
        query = next(q for q in own if f"\n{q}\n" in request.text)
        assert request.images == [own[query]]
    assert len(openai_server.requests("judge")) == 3
    shown = Counter(i for r in openai_server.requests("model") for i in r.images)
    seen = view in ("full", "swapped_image")
    assert (shown == Counter(own.values())) is seen
