import re
from xml.etree import ElementTree

import pytest

from chiasm.report.figures import Segment, Slice, interval_bar, radar, stacked_bar, sunburst
from chiasm.report.page_words import cloud

EVIL = '"><script>alert(1)</script>'


def numbers(pattern: str, markup: str) -> list[float]:
    return [float(x) for x in re.findall(pattern, markup)]


def test_a_stack_fills_the_whole_in_order():
    found = stacked_bar([Segment("o-a", "A", "a", 1), Segment("o-b", "B", EVIL, 3)], EVIL)
    assert numbers(r'<rect class="o-\w" x="([\d.]+)%', found) == [0, 25]
    assert sum(numbers(r'<rect [^>]*width="([\d.]+)%', found)) == 100
    assert ">A 25<" in found
    assert "<script" not in found
    ElementTree.fromstring(found)


def test_a_bar_shows_bounds_only_where_something_is_missing():
    whole = interval_bar(0.5, 0.4, 0.6, None, "told")
    assert 'cx="50.00%"' in whole
    assert 'x="40.00%"' in whole
    assert "worst" not in whole
    assert 'x1="30.00%"' in interval_bar(0.5, 0.4, 0.6, (0.3, 0.7), "told")
    undefined = interval_bar(None, None, None, (0.0, 1.0), "told")
    assert "dot" not in undefined
    assert "band" not in undefined


def test_a_radar_puts_rates_on_spokes_and_leaves_out_the_undefined():
    found = radar(["n", "e", "s", "w" + EVIL], [1.0, 0.5, None, 0.0], [1, 1, 1, 1], "told")
    area = re.search(r'class="area" points="([^"]*)"', found)
    assert area
    assert area[1] == "0.0,-74.0 37.0,0.0 0.0,0.0"
    assert "<script" not in found
    ElementTree.fromstring(found)


@pytest.mark.parametrize("sizes", [(1,), (1, 1), (5, 3, 2)])
def test_a_sunburst_goes_once_around(sizes):
    slices = [Slice(f"s{n}", n, 0.5, "t", "#a=b&c=d") for n in sizes]
    found = sunburst(slices, "told")
    assert len(re.findall("<path", found)) == len(sizes)
    assert f">{sum(sizes)}<" in found
    starts = re.findall(r'd="M(\S+) (\S+?)A', found)
    assert starts[0] == ("0.0", "-150.0")
    ElementTree.fromstring(found)


def test_a_second_ring_only_where_there_are_subcategories():
    parts = [Slice("x", 1, None, "t", "#"), Slice("y", 2, 0.9, EVIL, "#")]
    found = sunburst([Slice("a", 3, 0.2, "t", "#", parts)], "told")
    assert len(re.findall("<path", found)) == 3
    assert 'class="empty"' in found
    assert 'class="shade9"' in found
    assert "<script" not in found


def test_a_cloud_counts_queries_and_leaves_out_common_words():
    words = cloud(["The garden, the garden!", "a garden and a fence", "a fence; once"], "siuo")
    assert [(w["word"], w["n"]) for w in words] == [("fence", 2), ("garden", 2)]
    assert words[0]["href"] == "#benchmark=siuo&q=fence"
    assert cloud(["nothing twice"], "siuo") == []
    sizes = cloud(["fire"] * 9 + ["fire wood"] * 4 + ["wood ash"] * 2, "x")
    assert [w["size"] for w in sizes] == [1, 7, 4]
