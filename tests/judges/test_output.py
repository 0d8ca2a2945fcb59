"""Every shape in which a provider reports that there is no answer, and the answers among them."""

import asyncio

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    StopCategory,
    StopDetails,
    get_model,
)

from chiasm.cases import MISSING
from chiasm.judges.output import Answer, asks_for_image, read_output, read_text, split_reasoning

BLOCKED = "The prompt was filtered by the content policy."


def made(content="", stop="stop", *, tokens=7, details=None, error=None) -> ModelOutput:
    output = ModelOutput.from_content(
        "m", content, stop_reason=stop, stop_details=details, error=error
    )
    output.usage = ModelUsage(output_tokens=tokens) if tokens is not None else None
    return output


REFUSED_400 = StopDetails(type="refusal", explanation=BLOCKED)
CATEGORY = StopDetails(
    type="SAFETY", category="dangerous", categories=[StopCategory(category="dangerous")]
)

SHAPES = {
    "an answer": (made("Yes."), Answer("Yes.")),
    "no choices": (ModelOutput(model="m"), Answer("", "", "no_response", "no choices")),
    "null or empty": (made(""), Answer("", "", "no_response", "blank")),
    "blank": (made(" \n\t"), Answer("", "", "no_response", "blank")),
    "an error beside a text": (made("x", error="boom"), Answer("x", "", "no_response", "error")),
    "filter after generation": (
        made("", "content_filter"),
        Answer("", "", "blocked_output", "filter"),
    ),
    "filter after generation, no usage": (
        made("", "content_filter", tokens=None),
        Answer("", "", "blocked_output", "filter"),
    ),
    "filter amid a text": (
        made("First, take", "content_filter", tokens=2),
        Answer("First, take", "", "blocked_output", "filter"),
    ),
    "filter with category": (
        made("", "content_filter", details=CATEGORY),
        Answer("", "", "blocked_output", "dangerous"),
    ),
    "HTTP 400 of an input filter (OpenAI)": (
        made(BLOCKED, "content_filter", tokens=None, details=REFUSED_400),
        Answer("", "", "blocked_input", "refusal"),
    ),
    "HTTP 400 of an input filter (Anthropic)": (
        made("Sorry, but I am unable to help.", "content_filter", tokens=None, error="400 ..."),
        Answer("", "", "blocked_input", "filter"),
    ),
    "prompt block (Gemini)": (
        made("BLOCKED: SAFETY", "content_filter", tokens=0, details=CATEGORY),
        Answer("", "", "blocked_input", "dangerous"),
    ),
    "the model's own refusal": (
        made([ContentText(text="I can't help.", refusal=True)], details=CATEGORY),
        Answer("I can't help.", "", None, "own refusal", own_refusal=True),
    ),
    "cut at the token cap": (made("First", "max_tokens"), Answer("First", "", "truncated")),
    "cut before a word": (made("", "max_tokens"), Answer("", "", "truncated", "no text")),
    "cut while thinking": (
        made("<think>Is it", "max_tokens"),
        Answer("", "Is it", "truncated", "only reasoning"),
    ),
    "cut at the context": (made("First", "model_length"), Answer("First", "", "truncated")),
    "prompt too long": (
        made("This model's maximum context length is 10.", "model_length", tokens=None),
        Answer("", "", "no_response", "context length exceeded"),
    ),
    "a tool call": (
        made("", "tool_calls"),
        Answer("", "", "no_response", "tool call"),
    ),
    "unknown, with a text": (made("Yes.", "unknown"), Answer("Yes.", reason="stop reason unknown")),
    "unknown, without": (made("", "unknown"), Answer("", "", "no_response", "blank")),
    "unknown, with a category": (
        made("", "unknown", details=CATEGORY),
        Answer("", "", "blocked_output", "dangerous"),
    ),
    "reasoning parts": (
        made([ContentReasoning(reasoning="Hm."), ContentText(text="No.")]),
        Answer("No.", "Hm."),
    ),
    "redacted reasoning": (
        made([ContentReasoning(reasoning="xyz", redacted=True), ContentText(text="No.")]),
        Answer("No."),
    ),
    "only reasoning": (
        made([ContentReasoning(reasoning="I should refuse.")]),
        Answer("", "I should refuse.", "no_response", "only reasoning"),
    ),
    "inline reasoning": (made("<think>Hm.</think>\n\nNo."), Answer("No.", "Hm.")),
    "only inline reasoning": (
        made("<think>I should refuse.</think>"),
        Answer("", "I should refuse.", "no_response", "only reasoning"),
    ),
    "inline reasoning that never ends": (
        made("<think>I should refuse."),
        Answer("", "I should refuse.", "no_response", "only reasoning"),
    ),
    "an adapter's error text": (
        made("Failed to obtain answer via API."),
        Answer("", "", "no_response", "error text"),
    ),
    "several choices": (
        ModelOutput(
            choices=[
                ChatCompletionChoice(message=ChatMessageAssistant(content=t), stop_reason="stop")
                for t in ("One.", "Two.")
            ]
        ),
        Answer("One."),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_read_output(name):
    output, expected = SHAPES[name]
    found = read_output(output)
    assert found == expected
    assert found.missing in (*MISSING, None)


def test_every_kind_of_missing_but_the_judges_and_the_images_is_reached():
    reached = {answer.missing for _, answer in SHAPES.values()}
    assert reached == {None, *MISSING} - {"no_verdict", "asks_for_image"}


def test_a_cut_answer_is_judged_where_the_protocol_says_so_but_an_error_text_never():
    kept = read_output(made("First", "max_tokens"), judge_truncated=True)
    assert kept == Answer("First", reason="cut at the cap")
    assert read_output(made("", "max_tokens"), judge_truncated=True).missing == "truncated"
    too_long = made("maximum context length", "model_length", tokens=None)
    assert read_output(too_long, judge_truncated=True).missing == "no_response"


@pytest.mark.parametrize(
    ("text", "finish", "missing", "said"),
    [
        ("Yes.", None, None, "Yes."),
        ("Yes.", "stop", None, "Yes."),
        (None, None, "no_response", ""),
        ("", None, "no_response", ""),
        ("  ", "stop", "no_response", ""),
        ("Failed to obtain answer via API.", None, "no_response", ""),
        ("Sorry, but error occured", None, "no_response", ""),
        ("Sorry, but error occured.", None, "no_response", ""),
        ("Sorry, but I can't help.", None, None, "Sorry, but I can't help."),
        ("First, ta", "length", "truncated", "First, ta"),
        (None, "content_filter", "blocked_output", ""),
        ("<think>Hm.</think>Yes.", None, None, "Yes."),
    ],
)
def test_read_text(text, finish, missing, said):
    found = read_text(text, finish)
    assert (found.missing, found.text) == (missing, said)


@pytest.mark.parametrize(
    ("text", "answer", "thoughts"),
    [
        ("No.", "No.", ""),
        ("<think></think>No.", "No.", ""),
        ("<thinking>a</thinking><think>b</think>No.", "No.", "a\n\nb"),
        ("a\n</think>\nNo.", "No.", "a"),
        ("I <think> so.", "I <think> so.", ""),
        ("<THINK>a</THINK>No.", "No.", "a"),
        ("", "", ""),
    ],
)
def test_split_reasoning(text, answer, thoughts):
    assert split_reasoning(text) == (answer, thoughts)


@pytest.mark.parametrize(
    "text",
    [
        "I can't see the image.",
        "I’m unable to view the picture you mention. Could you describe it?",
        "I don't see any image attached to your message.",
        "There is no image here. What is in it?",
        "It seems the photo is missing; no photo was attached.",
        "Could you please share the image?",
        "Please upload the photo so that I can help.",
        "The image was not provided.",
        "It looks like the picture didn't come through. Please send the picture again.",
    ],
)
def test_asks_for_image(text):
    assert asks_for_image(text, image_shown=False)
    assert not asks_for_image(text, image_shown=True)
    assert read_output(made(text), image_shown=False).missing == "asks_for_image"
    assert read_output(made(text)).missing is None


@pytest.mark.parametrize(
    "text",
    [
        "Sure, go ahead.",
        "I'm sorry, but I can't help with that.",
        "In the picture, I see a cliff. Please be careful.",
        "You can share the image with your friends.",
        "I can't see the image. " + "But in general, a ladder needs a firm stand. " * 12,
    ],
)
def test_does_not_ask_for_image(text):
    assert not asks_for_image(text, image_shown=False)


@pytest.mark.parametrize(
    ("fault", "missing"),
    [
        ("filter_null", "blocked_output"),
        ("filter_partial", "blocked_output"),
        ("filter_400", "blocked_input"),
        ("policy_400", "blocked_input"),
        ("blocked_400", "blocked_input"),
        ("context_400", "no_response"),
        ("length", "truncated"),
        ("empty", "no_response"),
        ("blank", "no_response"),
        ("null", "no_response"),
        ("refusal_message", None),
        ("reasoning", None),
    ],
)
def test_shapes_as_a_real_provider_makes_them(openai_server, fault, missing):
    openai_server.configure(model={fault: 1.0})
    model = get_model(openai_server.model(), memoize=False)
    output = asyncio.run(model.generate("Hello?", config=GenerateConfig(max_retries=0)))
    found = read_output(output)
    assert found.missing == missing
    assert found.own_refusal is (fault == "refusal_message")
    assert "let me answer" not in found.text
