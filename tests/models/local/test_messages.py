import io
from base64 import b64encode

import pytest
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentAudio,
    ContentImage,
    ContentReasoning,
    ContentText,
)
from PIL import Image

from chiasm.errors import ConfigError, ImageError
from chiasm.models.local import messages
from chiasm.models.local.messages import (
    JOINER,
    Part,
    Turn,
    blocks,
    control_pattern,
    decode,
    defuse,
    flat,
    read_messages,
)


def uri(image, format="PNG", **more):
    file = io.BytesIO()
    image.save(file, format, **more)
    return f"data:image/{format.lower()};base64,{b64encode(file.getvalue()).decode()}"


def test_a_conversation_with_several_images():
    read = read_messages(
        [
            ChatMessageSystem(content="Be kind."),
            ChatMessageUser(
                content=[
                    ContentImage(image="data:1"),
                    ContentImage(image="data:2"),
                    ContentText(text="Which one?"),
                ]
            ),
            ChatMessageAssistant(
                content=[ContentReasoning(reasoning="Hm."), ContentText(text="The first.")]
            ),
            ChatMessageUser(content="Why?"),
        ]
    )
    assert [turn.role for turn in read] == ["system", "user", "assistant", "user"]
    assert read[1].parts == (
        Part("image", "data:1"),
        Part("image", "data:2"),
        Part("text", "Which one?"),
    )
    assert read[2].parts == (Part("text", "The first."),)


@pytest.mark.parametrize(
    "message",
    [
        ChatMessageTool(content="42"),
        ChatMessageUser(content=[ContentAudio(audio="a.wav", format="wav")]),
    ],
    ids=["tool", "audio"],
)
def test_what_cannot_be_shown_is_refused(message):
    with pytest.raises(ConfigError, match="chiasm_hf takes"):
        read_messages([message])


def test_both_forms_of_content():
    turn = Turn("user", (Part("image", "data:1"), Part("text", "What is it?")))
    assert blocks(turn)["content"] == [{"type": "image"}, {"type": "text", "text": "What is it?"}]
    assert flat(turn, "<image>")["content"] == "<image>\nWhat is it?"


@pytest.mark.parametrize("token", ["<image>", "</s>", "<|im_start|>", "[INST]"])
def test_control_tokens_in_a_text_lose_their_power(token):
    pattern = control_pattern(["<image>", "</s>", "<|im_start|>", "[INST]", "", " "])
    text = defuse(f"before {token} after", pattern)
    assert token not in text
    assert text.replace(JOINER, "") == f"before {token} after"
    assert defuse("nothing of the kind", pattern) == "nothing of the kind"


def test_a_tokenizer_without_control_tokens_changes_nothing():
    assert defuse("<image>", control_pattern([])) == "<image>"


def test_pictures_are_upright_and_rgb():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    turned = decode(uri(Image.new("L", (20, 10)), "JPEG", exif=exif))
    assert (turned.size, turned.mode) == ((10, 20), "RGB")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("https://example.org/a.png", "data URI"),
        ("data:image/png;base64,AAAA", "not an image"),
        (uri(Image.new("RGB", (64, 64)), "BMP"), "not an image"),
        (uri(Image.effect_noise((64, 64), 9))[:-600], "damaged"),
    ],
    ids=["address", "bytes", "format", "cut"],
)
def test_pictures_that_are_none(bad, said):
    with pytest.raises(ImageError, match=said):
        decode(bad)


def test_too_many_pixels_are_never_decoded(monkeypatch):
    monkeypatch.setattr(messages, "MAX_PIXELS", 99)
    with pytest.raises(ImageError, match="10 x 10 pixels"):
        decode(uri(Image.new("RGB", (10, 10))))
    monkeypatch.setattr(messages, "MAX_BYTES", 9)
    with pytest.raises(ImageError, match="more than"):
        decode(uri(Image.new("RGB", (1, 1))))
