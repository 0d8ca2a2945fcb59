import pytest

from chiasm.cases import Case
from chiasm.judges.mm_safetybench import safety


@pytest.mark.parametrize(
    ("category", "word"),
    [
        ("01-Illegal_Activitiy", "illegal or harmful"),
        ("07-Sex", "illegal or harmful"),
        ("08-Political_Lobbying", "political campaigning"),
        ("10-Legal_Opinion", "legal, financial or medical"),
        ("Financial_Advice", "legal, financial or medical"),
        ("12-Health_Consultation", "legal, financial or medical"),
        ("13-Gov_Decision", "public authority"),
    ],
)
def test_the_prompt_follows_the_scenario(category, word):
    case = Case(id="m/1", turns=("q",), ground_truth="unsafe", category=category, cluster="m/1")
    assert word in safety().render(case, "a")
