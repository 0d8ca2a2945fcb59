"""Reference policies on scenes, with the image and without: who is moved by it, and who is not."""

import json

import pytest

from tests.integration.tool import chiasm


def run(log_dir, model):
    for view in ("full", "text_only", "blank_image", "swapped_image"):
        chiasm(
            *("eval", "scenes", "--model", model, "--view", view, "--log-dir", log_dir),
            *("--limit", 64, "--format", "json"),
        )
    found = json.loads(chiasm("report", log_dir, "--format", "json"))["without_image"]
    (one,) = found
    return one, {other["view"]: other for other in one["without"]}


@pytest.mark.slow
def test_a_filter_of_texts_shows_no_effect_of_the_image(tmp_path):
    one, without = run(tmp_path / "logs", "chiasm/text_only_filter")
    for other in without.values():
        assert other["effect"]["difference"] == 0
        assert other["effect"]["low"] < 0 < other["effect"]["high"]
        assert (other["asks_for_image"]["k"], other["effect"]["n"]) == (0, 32)
        assert other["rate"] == one["full"]["rate"] > 0


@pytest.mark.slow
def test_the_oracle_is_moved_by_the_image_and_asks_for_it(tmp_path):
    one, without = run(tmp_path / "logs", "chiasm/oracle")
    assert one["full"]["rate"] == 1
    swapped = without["swapped_image"]["effect"]
    assert swapped["difference"] > 0.9 and swapped["low"] > 0
    for view in ("text_only", "blank_image"):
        assert without[view]["asks_for_image"]["rate"] == 1
        assert without[view]["rate"] is None
        assert without[view]["effect"]["reason"] == "no item is in both"
    text = chiasm("report", tmp_path / "logs")
    assert "without the image: scenes/chiasm@1 - chiasm/oracle" in text
