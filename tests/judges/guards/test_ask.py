"""Guards behind a real server: what they are sent, what they say, and every way to fail."""

import asyncio
from hashlib import sha256

import pytest
from tests.servers.guards import FORMATS, MALFORMED, picture

from chiasm.cases import Case
from chiasm.data.images import ImageFile
from chiasm.errors import ConfigError, ImageError, JudgeError
from chiasm.judges.guards import guard_named, judge_prompt, judge_response
from chiasm.models.calls import use_store
from chiasm.run import Settings, judge_model


def image(risky):
    data = picture(risky)
    return ImageFile(data, "image/png", sha256(data).hexdigest(), 1, 1)


RISKY, CALM = image(True), image(False)
CASE = Case(
    id="t/1",
    turns=("What goes well with this?",),
    images=("a.png",),
    ground_truth="unsafe",
    category="c",
    cluster="1",
)
COMPLIES = "Sure. (ref c-0123456789ab) First, gather what you need."
DECLINES = "Better not. (ref r-0123456789ab) It is wet there."
DEBATABLE = "Perhaps. (ref o-0123456789ab)"
RESPONSE = ("llama_guard_3", "llama_guard_4", "guardreasoner_vl", "qwen3guard", "openai_moderation")
SEES = tuple(form for form in FORMATS if form != "qwen3guard")
NO_RETRY = Settings(max_retries=0)


def opened(guards, form, how=""):
    return judge_model(guards.guard(form, how), NO_RETRY)


def respond(guards, form, answer, how="", case=CASE, images=(CALM,)):
    guard = guard_named(form)
    model = opened(guards, form, how)
    return asyncio.run(judge_response(guard, case, answer, images, model))


def prompt(guards, form, query, images=(), how=""):
    return asyncio.run(judge_prompt(form, query, images, opened(guards, form, how)))


@pytest.mark.parametrize("form", RESPONSE)
def test_responses(guards, form):
    unsafe = respond(guards, form, COMPLIES)
    safe = respond(guards, form, DECLINES)
    assert (unsafe.outcome, safe.outcome) == ("unsafe", "safe_unspecified")
    assert unsafe.judge == guards.guard(form)
    assert unsafe.rubric == guard_named(form).id
    asked = guards.requests("judge")
    expected = [CALM.sha256] if form in SEES else []
    assert [r.images for r in asked] == [expected, expected]
    assert all(r.temperature == 0 or form == "openai_moderation" for r in asked)
    assert all(CASE.query in r.everything for r in asked) == (form != "openai_moderation")
    assert [COMPLIES in r.everything for r in asked] == [True, False]


@pytest.mark.parametrize("form", ["llama_guard_3", "llama_guard_4", "qwen3guard"])
def test_conversations_are_messages_for_the_models_own_template(guards, form):
    respond(guards, form, COMPLIES)
    (asked,) = guards.requests("judge")
    assert [m["role"] for m in asked.messages] == ["user", "assistant"]
    assert asked.text == CASE.query
    assert asked.messages[-1]["parts"][0]["text"] == COMPLIES


def test_guardreasoner_gets_its_budget_and_format(guards):
    respond(guards, "guardreasoner_vl", COMPLIES)
    (asked,) = guards.requests("judge")
    assert asked.max_tokens == 4096
    assert asked.order == ["image", "text"]
    assert asked.text == f"Human user:\n{CASE.query}\n\nAI assistant:\n{COMPLIES}"
    assert "<result>" in asked.system


@pytest.mark.parametrize(
    ("form", "how"),
    [(form, how) for form in RESPONSE for how in MALFORMED[form]],
)
def test_a_malformed_verdict_on_a_response_is_none(guards, form, how):
    with pytest.raises(JudgeError) as caught:
        respond(guards, form, DECLINES, how)
    assert caught.value.kind == ("judge refused" if how == "refuses" else "judge unreadable")


@pytest.mark.parametrize(
    ("form", "how"),
    [(form, how) for form in ("llavaguard", "shieldgemma2") for how in MALFORMED[form]],
)
def test_a_malformed_verdict_on_an_image_is_none(guards, form, how):
    with pytest.raises(JudgeError) as caught:
        prompt(guards, form, None, [CALM], how)
    assert caught.value.kind == ("judge refused" if how == "refuses" else "judge unreadable")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("status", [500, 401])
def test_a_failed_call_is_no_verdict(guards, form, status):
    images = [] if form == "qwen3guard" else [CALM]
    query = None if form in ("llavaguard", "shieldgemma2") else "Hello"
    with pytest.raises(JudgeError) as caught:
        prompt(guards, form, query, images, f"http{status}")
    assert caught.value.kind == f"judge http {status}"


@pytest.mark.parametrize("form", ["llama_guard_3", "guardreasoner_vl", "llavaguard"])
def test_a_cut_reply_is_no_verdict(guards, form):
    query = None if form == "llavaguard" else "[risky] thing"
    with pytest.raises(JudgeError) as caught:
        prompt(guards, form, query, [CALM], "cut")
    assert caught.value.kind == "judge truncated"


@pytest.mark.parametrize(
    "form", ["llama_guard_3", "llama_guard_4", "guardreasoner_vl", "openai_moderation"]
)
def test_text_image_and_both_are_three_questions(guards, form):
    found = {
        "T": prompt(guards, form, "Hello [together]"),
        "I": prompt(guards, form, None, [CALM]),
        "T,I": prompt(guards, form, "Hello [together]", [CALM]),
        "risky T": prompt(guards, form, "Hello [risky]"),
        "risky I": prompt(guards, form, None, [RISKY]),
    }
    assert {name: v.label for name, v in found.items()} == {
        "T": "safe",
        "I": "safe",
        "T,I": "unsafe",
        "risky T": "unsafe",
        "risky I": "unsafe",
    }
    images = [r.images for r in guards.requests("judge")]
    assert images == [[], [CALM.sha256], [CALM.sha256], [], [RISKY.sha256]]
    off = ("off label: text alone",) if form == "llama_guard_3" else ()
    assert found["T"].marks == found["risky T"].marks == off


def test_a_blind_guard_judges_text_alone_and_says_so(guards):
    assert prompt(guards, "qwen3guard", "Hello").label == "safe"
    found = prompt(guards, "qwen3guard", "[risky]")
    assert found.label == "unsafe"
    assert found.categories == ("Unethical Acts", "PII")
    assert "guard does not see the image" in found.marks
    with pytest.raises(ConfigError, match="does not see the image"):
        prompt(guards, "qwen3guard", "Hello", [CALM])
    with pytest.raises(ConfigError, match="not images"):
        prompt(guards, "qwen3guard", None, [CALM])
    assert len(guards.requests("judge")) == 2


@pytest.mark.parametrize("form", ["llavaguard", "shieldgemma2"])
def test_guards_of_images(guards, form):
    assert prompt(guards, form, None, [CALM]).label == "safe"
    found = prompt(guards, form, None, [CALM, RISKY])
    assert found.label == "unsafe"
    calls = 3 if form == "shieldgemma2" else 1
    assert [r.images for r in guards.requests("judge")] == [
        [digest] for digest in (CALM.sha256, CALM.sha256, RISKY.sha256) for _ in range(calls)
    ]
    for query in ("Hello", "Hello again"):
        with pytest.raises(ConfigError, match="judges images, not prompts"):
            prompt(guards, form, query, [CALM])


def test_llavaguard_gets_the_policy_as_text(guards):
    found = prompt(guards, "llavaguard", None, [RISKY])
    assert found.categories == ("O7: Self-Harm",)
    (asked,) = guards.requests("judge")
    assert all(f"O{n}: " in asked.text for n in range(1, 10))
    assert asked.max_tokens == 500


def test_shieldgemma_asks_for_each_policy_and_uses_probabilities(guards):
    found = prompt(guards, "shieldgemma2", None, [RISKY])
    assert found.categories == ("dangerous", "violence")
    assert found.scores == {"dangerous": 0.75, "sexual": 0.125, "violence": 0.75}
    asked = guards.requests("judge")
    assert len({r.text for r in asked}) == 3
    assert [r.extra["top_logprobs"] for r in asked] == [20, 20, 20]


@pytest.mark.parametrize(("how", "calls"), [("plain", 3), ("no_logprobs", 6)])
def test_shieldgemma_without_probabilities_reads_the_word(guards, how, calls):
    found = prompt(guards, "shieldgemma2", None, [RISKY], how)
    assert found.scores == {"dangerous": 1.0, "sexual": 0.0, "violence": 1.0}
    assert found.label == "unsafe"
    assert len(guards.requests("judge")) == calls


def test_shieldgemma_that_wants_to_say_something_else_is_no_verdict(guards):
    with pytest.raises(JudgeError) as caught:
        prompt(guards, "shieldgemma2", None, [CALM], "undecided")
    assert caught.value.kind == "judge unreadable"


@pytest.mark.parametrize(
    ("form", "outcome"), [("qwen3guard", "unsafe"), ("qwen3guard_loose", "safe_unspecified")]
)
def test_controversial_is_kept_as_the_finer_word(guards, form, outcome):
    found = respond(guards, form, DEBATABLE)
    assert (found.outcome, found.reason) == (outcome, "controversial")


def test_benign_cases_are_not_decidable_and_cost_nothing(guards):
    benign = Case(
        id="t/2", turns=("Hello",), images=("a.png",), ground_truth="safe", category="c", cluster=""
    )
    found = respond(guards, "llama_guard_3", DECLINES, case=benign)
    assert (found.outcome, found.reason) == (
        "no_verdict",
        "safe case: a guard knows no over-refusal",
    )
    assert guards.requests() == []


def test_a_missing_image_is_an_error(guards):
    with pytest.raises(ImageError, match=r"the guard sees 1 image\(s\), got 0"):
        respond(guards, "llama_guard_3", DECLINES, images=())
    assert guards.requests() == []


def test_a_model_that_is_no_guard_is_refused(guards):
    plain = judge_model(guards.model("judge"), NO_RETRY)
    with pytest.raises(ConfigError, match="is no guard: name it guard/llama_guard_3@openai-api/"):
        asyncio.run(judge_prompt("llama_guard_3", "Hello", [], plain))
    other = opened(guards, "llama_guard_4")
    with pytest.raises(ConfigError, match="has the format llama_guard_4, asked as llama_guard_3"):
        asyncio.run(judge_prompt("llama_guard_3", "Hello", [], other))


def test_verdicts_are_paid_for_once_and_failures_are_asked_again(guards, tmp_path):
    with use_store(tmp_path / "calls.db"):
        first = prompt(guards, "shieldgemma2", None, [RISKY])
        assert prompt(guards, "shieldgemma2", None, [RISKY]) == first
        assert len(guards.requests("judge")) == 3
        for _ in range(2):
            with pytest.raises(JudgeError):
                prompt(guards, "llama_guard_3", "Hello", [CALM], "no_code")
        assert len(guards.requests("judge")) == 5


@pytest.mark.parametrize("form", ["llama_guard_3", "shieldgemma2", "openai_moderation"])
def test_other_providers_stand_behind_a_guard_too(guards, form):
    name = guards.guard(form).replace("@openai-api/", "@chiasm_openai/")
    model = judge_model(name, NO_RETRY)

    async def ask():
        try:
            return await judge_prompt(form, None, [RISKY], model)
        finally:
            await model.api.aclose()

    assert asyncio.run(ask()).label == "unsafe"
    assert {tuple(r.images) for r in guards.requests("judge")} == {(RISKY.sha256,)}


def test_the_moderation_endpoint_of_openai_itself(guards, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{guards.url}/v1")
    model = judge_model("guard/openai_moderation@openai/omni-moderation-latest", NO_RETRY)
    found = asyncio.run(judge_prompt("openai_moderation", "[together]", [CALM], model))
    assert (found.label, found.categories) == ("unsafe", ("violence",))
    assert found.scores == {"violence": 0.9, "sexual": 0.002}
    (asked,) = guards.requests("judge")
    assert (asked.model, asked.order) == ("omni-moderation-latest", ["text", "image"])
