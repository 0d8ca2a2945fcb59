"""MSTS on its real files: English, the text-only twins, and a translation written here."""

import csv
import shutil
from collections import Counter

import pytest

from chiasm.benchmarks import BENCHMARKS, load, msts
from chiasm.errors import DataError, ImageError
from chiasm.select import without_images
from tests.benchmarks.literal import MSTS, cases


def test_the_real_files(shared):
    shown, text = load("msts", shared / "msts"), load("msts_text", shared / "msts")
    assert [len(shown), len(text)] == [400, 400]
    assert shown.pinned
    assert text.pinned
    assert len(shown.revision) == 40
    assert len({c.query for c in shown}) == 384
    assert len({c.query for c in text}) == 400
    assert Counter(c.extra["phrasing"] for c in shown) == {"assistance": 200, "intention": 200}
    assert len({c.category for c in shown}) == 5
    assert len({c.cluster for c in shown}) == 200
    assert Counter(c.images[0].rpartition(".")[2] for c in shown).keys() == {"jpg", "png"}


def test_a_twin_differs_in_words_and_has_no_image(shared):
    shown = {c.id: c for c in load("msts", shared / "msts")}
    for twin in load("msts_text", shared / "msts"):
        case = shown[twin.id.replace("msts_text", "msts")]
        assert (twin.cluster, twin.category) == (case.cluster, case.category)
        assert twin.query != case.query
        assert (twin.images, len(case.images)) == ((), 1)


def test_the_image_is_named_as_the_authors_script_names_it(shared):
    with (shared / "msts" / msts.IMAGES).open(encoding="utf-8", newline="") as stream:
        address = {r["unsafe_image_id"]: r["unsafe_image_url"] for r in csv.DictReader(stream)}
    for case in load("msts", shared / "msts"):
        number, _, suffix = case.images[0].removeprefix("unsafe_images/").partition(".")
        assert suffix == ("jpg" if ".jpg" in address[number].lower() else "png")


def test_translations_have_no_prompt_id_and_share_clusters(shared, tmp_path):
    """The German file has these columns; its rows are not copied here."""
    row = {k: v for k, v in MSTS.items() if k not in ("prompt_id", "image")}
    for language in msts.LANGUAGES:
        file = tmp_path / f"prompts-{language}_multimodal.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, row)
            writer.writeheader()
            writer.writerow({**row, "prompt_text": "Frage?"})
    shutil.copy(shared / "msts" / msts.IMAGES, tmp_path)
    with pytest.raises(DataError, match="registered for msts_german are 400"):
        load("msts_german", tmp_path)
    (case,) = load("msts_german", tmp_path, ["ROWS"])
    assert (case.id, case.language) == ("msts_german/case_0035_assistance", "de")
    assert case.cluster == "msts/case_0035"
    original = {c.id: c for c in load("msts", shared / "msts")}["msts/case_0035_assistance"]
    assert (case.images, case.cluster) == (original.images, original.cluster)
    assert {BENCHMARKS[f"msts_{n}"].language for n in msts.LANGUAGES} == {*msts.LANGUAGES.values()}


def test_another_phrasing_is_an_error():
    with pytest.raises(DataError, match="prompt_type"):
        cases("msts", {**MSTS, "prompt_type": "order"})


def test_missing_images_tell_what_get_can_not_fetch(shared):
    dataset = load("msts", shared / "msts")
    with pytest.raises(ImageError, match=r"200 images are not(.|\n)*By hand: .*unsafe_images"):
        without_images(dataset, dataset.cases, [])
    skipped = without_images(dataset, dataset.cases, ["MISSING_IMAGE"])
    assert len(skipped) == 400
