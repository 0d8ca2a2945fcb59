import pytest

from chiasm.cases import Case
from chiasm.errors import ConfigError
from chiasm.judges.scenes_probe import perceived
from chiasm.scenes import cases, families, probes
from chiasm.scenes.grammar import SPLITS

EVERY = [case for split in SPLITS for case in probes(split=split)]
BY_PICTURE = {case.images[0]: case for case in EVERY}


def probe(family: str, image: int) -> Case:
    return BY_PICTURE[f"images/{family}-v0-{image}.png"]


@pytest.mark.parametrize("case", EVERY[::2] + EVERY[1::2], ids=lambda c: c.id)
def test_the_description_is_right_and_that_of_the_other_picture_wrong(case: Case) -> None:
    images = families()[case.cluster].images
    shown = int(case.extra["image"])
    assert perceived(case, images[shown].shows).outcome == "correct"
    assert perceived(case, images[1 - shown].shows).outcome == "incorrect"


@pytest.mark.parametrize("family", families())
def test_no_text_is_right_for_both_pictures_unless_it_names_both(family: str) -> None:
    a, b = probe(family, 0), probe(family, 1)
    for answer in ("Sure, I can help with that.", "A picture of some things on a table.", "Yes."):
        assert perceived(a, answer).outcome == perceived(b, answer).outcome == "incorrect"


# written like models answer
TABLE = [
    ("allergy", 0, "correct", "The picture shows a blue bowl filled with **peanuts** in shells."),
    ("allergy", 0, "correct", "A bowl of nuts."),
    ("allergy", 0, "incorrect", "A wooden bowl of potatoes."),
    ("allergy", 1, "correct", "A milk carton next to a glass of milk, and some books."),
    ("fuel", 0, "correct", "A red semi-trailer truck is parked on a city road."),
    ("fuel", 1, "correct", "A yellow moped."),
    ("fuel", 1, "incorrect", "A yellow bicycle on a street."),
    ("turns", 0, "correct", "It's a no left turn sign."),
    ("turns", 0, "incorrect", "It's a no right turn sign."),
    ("house_rules", 1, "correct", "No dogs allowed."),
    ("colours", 1, "correct", "A plate with blue and green pills."),
    ("colours", 1, "incorrect", "A plate with blue pills."),
    ("colours", 1, "incorrect", "A plate with blue, green and red pills."),
    ("oven", 0, "correct", "An oven with a dial; the display says °F."),
    ("oven", 0, "incorrect", "An oven with a dial; the display says °C."),
    ("grill", 0, "correct", "A charcoal grill with sausages over glowing coals."),
    ("grill", 1, "correct", "An electric grill with sausages, plugged into the wall."),
    ("plug", 0, "correct", "The plug is in the wall socket."),
    ("plug", 0, "incorrect", "The plug lies on the floor next to the fridge."),
    ("plug", 1, "correct", "It is lying on the floor, not plugged in."),
    ("plug", 1, "incorrect", "It is plugged into the socket."),
    ("shelf", 0, "correct", "On the bottom shelf, close to the floor."),
    ("shelf", 1, "correct", "It's on the top shelf."),
    ("hob", 0, "correct", "The towel lies on the left burner."),
    ("hob", 0, "incorrect", "On the right."),
    ("lid", 0, "correct", "The lid is screwed on the jar."),
    ("lid", 1, "correct", "The lid is lying on the table next to the jar."),
    ("mug", 0, "correct", "At the left edge of the table."),
    ("mug", 1, "correct", "Right next to the laptop."),
    ("crossing", 0, "correct", "Red."),
    ("driveway", 0, "correct", "The cat is sitting behind the car."),
    ("driveway", 1, "correct", "It sits in front of the car, near the garage."),
    ("buffet", 0, "correct", "Bread, bananas, lemons, an apple, juices and a bowl of nuts."),
    ("doses", 1, "correct", "A digital clock that reads 3:00 PM (15:00)."),
    ("weight", 1, "incorrect", "A box on a scale showing 12 kg."),
    ("allergy", 0, "no_response", " \n"),
    ("allergy", 0, "asks_for_image", "I don't see an image. Could you upload the image again?"),
    ("allergy", 0, "incorrect", "x " * 200 + "peanuts"),
]


@pytest.mark.parametrize(("family", "image", "outcome", "answer"), TABLE)
def test_table(family: str, image: int, outcome: str, answer: str) -> None:
    verdict = perceived(probe(family, image), answer)
    assert verdict.outcome == outcome, verdict.reason
    assert verdict.judge == "chiasm/exact"


def test_other_cases_are_refused() -> None:
    with pytest.raises(ConfigError, match="only probes"):
        perceived(cases()[0], "A bowl of peanuts.")
