import json
from collections import Counter
from pathlib import Path

import pytest

from chiasm.data.taxonomies import taxonomies, taxonomy
from chiasm.errors import ConfigError


def rows(file: Path) -> list[dict[str, str]]:
    return list(json.loads(file.read_bytes()))


def test_siuo_has_the_domains_of_the_file_and_33_sub_classes(shared: Path) -> None:
    found = taxonomy("siuo")
    published = {row["category"] for row in rows(shared / "siuo" / "siuo_gen.json")}
    assert {kind.name for kind in found.kinds} == published
    assert len(published) == 9
    assert found.subclasses_published == 33
    sizes = [len(kind.subclasses) for kind in found.kinds]
    assert sizes == [3, 4, 4, 3, 5, 3, 4, 4, 3]  # counted on the authors' chart
    assert len({name for kind in found.kinds for name in kind.subclasses}) == sum(sizes) == 33
    assert found.parent("Food Misuse") == "information misinterpretation"
    assert "not released" in found.missing


def test_vlsbench_has_the_sub_categories_of_the_file(shared: Path) -> None:
    found = taxonomy("vlsbench")
    published = rows(shared / "vlsbench" / "data.json")
    assert {kind.name for kind in found.kinds} == {row["category"] for row in published}
    known = [name for kind in found.kinds for name in kind.subclasses]
    assert len(known) == len(set(known)) == found.subclasses_published == 19
    assert set(known) == {row["sub_category"] for row in published}
    odd = Counter(
        (row["category"], row["sub_category"])
        for row in published
        if found.parent(row["sub_category"]) != row["category"]
    )
    assert odd == {
        ("Illegal Activity", "Identity Theft and Impersonation"): 3,
        ("Hate", "Psychological and Disordered Harm"): 2,
    }


def test_every_class_is_defined_in_a_sentence() -> None:
    for found in taxonomies().values():
        for kind in found.kinds:
            for text in (kind.definition, *kind.subclasses.values()):
                assert text.endswith(".")
                assert 10 < len(text) < 130


def test_unknown_names() -> None:
    assert taxonomy("vlsbench").parent("nothing") == ""
    with pytest.raises(ConfigError, match="siuo, vlsbench"):
        taxonomy("other")
