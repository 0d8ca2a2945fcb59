from dataclasses import replace

from chiasm.benchmarks import resolve
from chiasm.forecast import IMAGE_TOKENS, UNCAPPED, calls, forecast
from chiasm.judges.rubric import rubric
from chiasm.run import Plan

MODEL, JUDGE = "openai/x", "openai/judge"


def plan(shared, **task_args):
    return Plan(
        tasks=("siuo",),
        models=(MODEL, "openai/y"),
        grader=JUDGE,
        data={"siuo": str(shared / "siuo")},
        task_args={"protocol": "", "view": "full", "limit": 4, "seed": 0, **task_args},
    )


def test_calls_by_hand(shared):
    rows = list(calls(plan(shared, epochs=2), resolve("siuo")))
    assert [(r.role, r.model, r.calls) for r in rows] == [
        ("answer", MODEL, 8),
        ("safety", JUDGE, 8),
        ("usefulness", JUDGE, 8),
        ("answer", "openai/y", 8),
        ("safety", JUDGE, 8),
        ("usefulness", JUDGE, 8),
    ]
    answer, safety = rows[:2]
    assert answer.taken == 8 * 2048
    assert 8 * IMAGE_TOKENS < answer.given < 8 * (IMAGE_TOKENS + 100)
    per_call = len(rubric("siuo_safety").prompt.text) // 4 + 2048
    assert safety.given == answer.given + 8 * per_call
    assert safety.taken == 8 * (rubric("siuo_safety").max_tokens or UNCAPPED)


def test_text_only_sends_the_model_no_image_but_the_judge(shared):
    answer, safety = list(calls(plan(shared, view="text_only"), resolve("siuo")))[:2]
    assert answer.given < IMAGE_TOKENS
    assert safety.given > 4 * IMAGE_TOKENS


def test_the_price_is_the_callers(shared):
    text = forecast(plan(shared), {MODEL: (2.0, 10.0), JUDGE: (0.0, 0.0)})
    row = next(r for r in calls(plan(shared), resolve("siuo")))
    assert f"{(row.given * 2 + row.taken * 10) / 1e6:,.2f}" in text
    assert "price unknown: --price openai/y=IN/OUT" in text
    assert MODEL + "=" not in text


def test_policies_and_offline_graders_cost_nothing(shared):
    free = Plan(
        tasks=("scenes",),
        models=("chiasm/comply",),
        task_args={"protocol": "", "view": "full", "limit": 4, "seed": 0},
    )
    assert [r.role for r in calls(free, resolve("scenes"))] == ["answer"]
    assert "$ " not in forecast(free, {}).splitlines()[-1]


def test_every_judge_of_several_is_counted(shared):
    """A panel asks all; a cascade asks the next one from not at all to always."""
    three = replace(
        plan(shared), models=(MODEL,), grader="panel(majority: a/x, b/y, chiasm/refusal)"
    )
    rows = [(r.role, r.model, r.calls, r.maybe) for r in calls(three, resolve("siuo"))][1:]
    # chiasm/refusal costs nothing, and only judges safety: so does the panel.
    assert rows == [("safety", "a/x", 4, False), ("safety", "b/y", 4, False)]
    chain = replace(three, grader="a/x, else b/y, else chiasm/refusal")
    rows = [(r.role, r.model, r.calls, r.maybe) for r in calls(chain, resolve("siuo"))][1:]
    each = [(m, 4, maybe) for m, maybe in (("a/x", False), ("b/y", True))]
    assert rows == [(axis, *e) for axis in ("safety", "usefulness") for e in each]
    assert "0-4" in forecast(chain, {})
