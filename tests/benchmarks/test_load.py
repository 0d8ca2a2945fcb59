import json
import shutil
from dataclasses import replace

import pytest

from chiasm.benchmarks import (
    BENCHMARKS,
    Benchmark,
    Protocol,
    load,
    mm_safetybench,
    resolve,
    root_of,
)
from chiasm.cases import Case
from chiasm.data.records import json_records
from chiasm.errors import ConfigError, DataError
from tests.benchmarks.literal import CHAT, EMBODIED, MM

REAL = {
    # benchmark: (folder, cases, clusters, images, first id, last id)
    "siuo": ("siuo", 167, 167, 167, "siuo/1001", "siuo/9021"),
    "siuo_mcqa": ("siuo", 167, 167, 167, "siuo_mcqa/1001", "siuo_mcqa/9021"),
    "vlsbench": ("vlsbench", 2241, 1957, 1957, "vlsbench/0", "vlsbench/2240"),
    "mossbench": ("mossbench", 300, 239, 300, "mossbench/1", "mossbench/300"),
    "mossbench_contrast": ("mossbench", 244, 238, 244, "mossbench_contrast/1", None),
    "figstep": ("figstep", 500, 500, 500, "figstep/1_1", "figstep/10_50"),
    "figstep_tiny": ("figstep", 50, 50, 50, "figstep_tiny/1_1", "figstep_tiny/10_5"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_data(shared, name):
    folder, n, clusters, images, first, last = REAL[name]
    dataset = load(name, shared / folder)
    assert (len(dataset), dataset.name) == (n, name)
    assert dataset.pinned
    assert len(dataset.revision) == 40
    assert len(dataset.digest) == 16
    assert len({case.id for case in dataset}) == n
    assert len({case.cluster for case in dataset}) == clusters
    assert len({image for case in dataset for image in case.images}) == images
    assert dataset[0].id == first
    assert last is None or dataset[-1].id == last


def test_real_images_are_where_the_cases_look_for_them(shared):
    def present(name):
        dataset = load(name, shared / BENCHMARKS[name].entry.partition("_")[0])
        return sum((dataset.root / image).is_file() for c in dataset for image in c.images)

    assert present("figstep_tiny") == 50
    assert present("mossbench") == 60
    # of the 60, those that the harmful twin shares with the benign original
    assert present("mossbench_contrast") == sum(
        case.extra["twin"] == "query" and (shared / "mossbench" / case.images[0]).is_file()
        for case in load("mossbench_contrast", shared / "mossbench")
    )


def test_twins_whose_image_differs(shared):
    contrast = load("mossbench_contrast", shared / "mossbench")
    own = [case for case in contrast if case.extra["twin"] == "image"]
    assert len(own) == 46
    original = {case.id: case.query for case in load("mossbench", shared / "mossbench")}
    same = [c for c in contrast if c.query == original[c.id.replace("_contrast", "")]]
    assert len(same) == 43
    assert {case.extra["twin"] for case in same} == {"image"}


def test_unknown_names_get_suggestions():
    with pytest.raises(ConfigError, match=r"'siou'.*siuo"):
        load("siou")
    assert resolve(BENCHMARKS["siuo"]) is BENCHMARKS["siuo"]


def test_missing_data_tell_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match="chiasm data get siuo"):
        load("siuo")


def test_changed_bytes_and_lost_rows_are_refused_unless_allowed(shared, tmp_path):
    rows = json.loads((shared / "siuo" / "siuo_gen.json").read_bytes())[:100]
    (tmp_path / "siuo_gen.json").write_text(json.dumps(rows))
    with pytest.raises(DataError, match="DIGEST_MISMATCH"):
        load("siuo", tmp_path)
    with pytest.raises(DataError, match=r"100 rows.*167(.|\n)*--allow ROWS"):
        load("siuo", tmp_path, allow=["DIGEST_MISMATCH"])
    dataset = load("siuo", tmp_path, allow=["DIGEST_MISMATCH", "ROWS"])
    assert (len(dataset), dataset.pinned) == (100, False)


def test_ids_are_unique(tmp_path, shared):
    rows = json.loads((shared / "siuo" / "siuo_gen.json").read_bytes())
    (tmp_path / "siuo_gen.json").write_text(json.dumps([*rows[:-1], rows[0]]))
    with pytest.raises(DataError, match=r"siuo_gen\.json, row 166: the id siuo/1001 occurs twice"):
        load("siuo", tmp_path, allow=["DIGEST_MISMATCH"])


def test_the_digest_is_of_the_annotations(shared, tmp_path):
    shutil.copy(shared / "siuo" / "siuo_gen.json", tmp_path / "siuo_gen.json")
    assert load("siuo", tmp_path).digest == load("siuo", shared / "siuo").digest
    assert load("siuo", tmp_path).digest != load("siuo_mcqa", shared / "siuo").digest


def test_mssbench_reads_both_halves_of_its_file(tmp_path):
    content = {"chat": [CHAT, CHAT], "embodied": [EMBODIED]}
    (tmp_path / "combined.json").write_text(json.dumps(content))
    allow = ["DIGEST_MISMATCH", "ROWS"]
    assert len(load("mssbench", tmp_path, allow)) == 8
    assert len(load("mssbench_embodied", tmp_path, allow)) == 4


@pytest.mark.parametrize("base", ["data/", ""])
def test_mm_safetybench_reads_all_scenarios_in_both_layouts(tmp_path, base):
    folder = tmp_path / base / "processed_questions"
    folder.mkdir(parents=True)
    for scenario in mm_safetybench.SCENARIOS:
        (folder / f"{scenario}.json").write_text(json.dumps({"0": MM, "1": MM}))
    with pytest.raises(DataError, match="26 rows"):
        load("mm_safetybench_sd", tmp_path)
    dataset = load("mm_safetybench_sd", tmp_path, ["ROWS"])
    assert [case.category for case in dataset][::2] == list(mm_safetybench.SCENARIOS)
    assert dataset[1].images == (f"{base}imgs/01-Illegal_Activitiy/SD/1.jpg",)
    assert not dataset.pinned
    (folder / "13-Gov_Decision.json").unlink()
    with pytest.raises(ConfigError, match="mm_safetybench"):
        load("mm_safetybench_sd", tmp_path, ["ROWS"])


def test_authors_layouts_are_read(shared, tmp_path):
    for name, file, target in (
        ("figstep", "figstep/safebench.csv", "data/question/safebench.csv"),
        ("mossbench", "mossbench/information.json", "data/images_information/information.json"),
    ):
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / file, tmp_path / target)
        dataset = load(name, tmp_path)
        assert dataset.pinned
        assert dataset[0].images[0].startswith("data/images/")


OWN = Benchmark(
    name="own",
    title="Somebody's own",
    entry="",
    records=lambda root: json_records(root, "own.json"),
    to_case=lambda record: Case(
        id=f"own/{record.row}",
        turns=(record.get("ask", str),),
        ground_truth="safe",
        category="all",
        cluster=str(record.row),
    ),
    protocols=(Protocol(name="own@1", judges=("safety",)),),
)


def test_a_benchmark_of_ones_own(tmp_path):
    (tmp_path / "own.json").write_text('[{"ask": "What is it?"}]')
    dataset = load(OWN, tmp_path)
    assert [case.query for case in dataset] == ["What is it?"]
    assert (dataset.pinned, dataset.revision, dataset.root) == (False, "", tmp_path)
    assert len(dataset.digest) == 16
    with pytest.raises(ConfigError, match="own is not in the registry"):
        load(OWN)
    with pytest.raises(ConfigError, match="is not a folder"):
        load(OWN, tmp_path / "nowhere")
    (tmp_path / "own.json").write_text("[]")
    with pytest.raises(DataError, match="no rows"):
        load(OWN, tmp_path)


def test_data_made_by_code_lie_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIASM_CACHE", str(tmp_path))
    own = replace(OWN, name=next(iter(BENCHMARKS)))
    assert tmp_path in root_of(own).parents
