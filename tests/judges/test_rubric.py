import subprocess
import sys
from pathlib import Path

import pytest

from chiasm.cases import OUTCOMES
from chiasm.errors import ConfigError
from chiasm.judges.rubric import OURS, rubric


@pytest.mark.parametrize("name", OURS)
def test_outcomes_are_words_of_the_axis(name):
    rule = rubric(name)
    assert rule.name == name
    for outcomes in rule.outcomes.values():
        assert set(outcomes.values()) <= set(OUTCOMES[rule.axis])


def test_unknown_name():
    with pytest.raises(ConfigError, match="no rubric 'nope'; there are siuo_safety"):
        rubric("nope")


@pytest.mark.parametrize("name", ["safety", "mm_safetybench_safety"])
def test_no_paper_protocol_where_nothing_could_be_pinned(name):
    with pytest.raises(ConfigError, match=f"{name} has no protocol paper"):
        rubric(name, protocol="paper")


def test_a_file_is_only_for_the_authors_rubric():
    with pytest.raises(ConfigError, match="only the protocol paper"):
        rubric("siuo_safety", file=Path("x.py"))


def test_rubrics_and_triage_load_without_inspect():
    code = (
        "import sys, chiasm.judges.rubric, chiasm.judges.output, chiasm.judges.choice, "
        "chiasm.models.calls; assert 'inspect_ai' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
