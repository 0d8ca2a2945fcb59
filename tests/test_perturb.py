from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from chiasm import perturb, scenes
from chiasm.data.images import ImageFile

CASE = scenes.cases()[0]


def picture():
    data = scenes.image_bytes(CASE)
    return ImageFile(data, "image/png", sha256(data).hexdigest(), 512, 512)


def pixels(image, size=(64, 64)):
    with Image.open(BytesIO(image.data)) as opened:
        return np.asarray(opened.convert("RGB").resize(size), float)


@pytest.mark.parametrize("how", perturb.CHANGES)
def test_a_change_is_another_picture_of_the_same_thing(how):
    before, after = picture(), perturb.changed(picture(), how, CASE.id)
    assert after.sha256 != before.sha256
    assert after == perturb.changed(picture(), how, CASE.id)
    with Image.open(BytesIO(after.data)) as opened:
        assert opened.size == (after.width, after.height)
        assert f"image/{opened.format.lower()}" == after.mime
    difference = np.abs(pixels(before) - pixels(after)).mean()
    other = np.abs(pixels(before) - pixels(before)[::-1, ::-1]).mean()
    assert 0 < difference < 0.8 * other


def test_what_is_drawn_depends_on_the_case():
    crops = {perturb.changed(picture(), "crop", f"toy/{i}").sha256 for i in range(8)}
    assert len(crops) > 4


def test_a_tiny_picture_can_be_changed():
    buffer = BytesIO()
    Image.new("L", (3, 5), 200).save(buffer, "PNG")
    tiny = ImageFile(buffer.getvalue(), "image/png", "", 3, 5)
    for how in perturb.CHANGES:
        assert perturb.changed(tiny, how, "toy/1").width >= 1
