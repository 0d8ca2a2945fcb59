import json

from chiasm.benchmarks import BENCHMARKS
from chiasm.listing import listing


def rows():
    return {b["name"]: b for b in json.loads(listing("json"))["benchmarks"]}


def test_the_list_fits_a_hundred_columns_and_names_all():
    lines = listing("text").splitlines()
    assert max(map(len, lines)) <= 100
    named = {line.split()[0] for line in lines if line and not line.startswith(" ")}
    assert named >= set(BENCHMARKS)
    head = lines[0].split()
    assert head == ["benchmark", "size", "language", "protocols", "data", "licence"]


def test_every_benchmark_says_size_language_licence_protocol_and_how_to_get_it():
    found = rows()
    assert list(found) == list(BENCHMARKS)
    for row in found.values():
        assert row["language"]
        assert row["licence"]
        assert row["protocols"]
        assert row["get"]
        assert row["size"] or row["note"] or row["name"].startswith(("lab", "built"))


def test_what_is_not_plain_sailing_shows():
    found = rows()
    assert found["siuo"]["get"] == "get"
    assert found["scenes"]["get"] == "made by code"
    assert found["holisafe"]["get"] == "get, account"
    assert found["harmbench"]["get"] == "get + by hand"
    assert "clone" in found["harmbench"]["by_hand"]
    assert (found["msts_german"]["language"], found["msts_german"]["size"]) == ("de", 400)
    assert found["holisafe"]["size"] == 0
    assert (found["vlguard_safe_safe"]["size"], found["vlguard_safe_safe"]["rubrics"]) == (
        558,
        ["mossbench_refusal"],
    )
