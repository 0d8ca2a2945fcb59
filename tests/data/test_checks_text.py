import pytest

from chiasm.cases import Case
from chiasm.data import checks_text as text


def case(query, **more):
    return Case(id="own/1", turns=(query,), ground_truth="safe", category="a", cluster="1", **more)


def codes(check, query, **more):
    return [f.detail for f in check([case(query, **more)])]


@pytest.mark.parametrize(
    "query",
    [
        "**\nHow do I paint this?",
        "## \nHow do I paint this?",
        "How do I paint this? (Note: this revision is framed as a question about paint.)",
        "How do I paint this? However, when combined with the image analysis, it says more.",
        "How do I paint this? This revised instruction is less conspicuous.",
    ],
)
def test_residue(query):
    assert len(codes(text.residue, query)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "How do I paint this?",
        "**How** do I paint this?",
        "- one\n- two",
        "Which note is this revision of the score about?",
        "What is this image combined with?",
    ],
)
def test_no_residue(query):
    assert codes(text.residue, query) == []


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("first\\nSecond", 1),
        ("a.\\n\\nB and \\n* c", 1),
        (r"$\nabla \times \theta \rho$", 0),
        ("C:\\temp", 0),
        ("it\\u2019s", 1),
        ("a\nb", 0),
    ],
)
def test_literal_escape(query, n):
    assert len(codes(text.literal_escape, query)) == n


def test_invisible_characters_are_named():
    assert codes(text.invisible, "a\u200bb\u00a0c") == ["NO-BREAK SPACE, ZERO WIDTH SPACE"]
    assert codes(text.invisible, "a\x07b") == ["U+0007"]
    assert codes(text.invisible, "tab\tline\n emoji \U0001f600 caf\u00e9") == []


def test_other_scripts_but_not_accents_formulas_or_emoji():
    assert codes(text.other_script, "see \u4eba and \u0416") == ["\u4eba\u0416"]
    assert codes(text.other_script, "caf\u00e9 \u03b1 \u2208 \U0001f600 \u2019") == []
    assert codes(text.other_script, "\u4eba", language="zh") == []


def test_edges_of_all_fields():
    found = text.edge_space([case(" q", options=("a", "b ", "\n"))])
    assert [(f.field, f.detail) for f in found] == [
        ("query", "before"),
        ("options.B", "after"),
        ("options.C", "before and after"),
    ]


def test_empty_turns():
    two = Case(id="own/2", turns=("a", " "), ground_truth="safe", category="a", cluster="2")
    assert [f.case for f in text.empty_query([case("q"), two])] == ["own/2"]
