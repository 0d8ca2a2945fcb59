"""The data-quality report: anomalies by row, and what the whole set looks like.

Nothing is repaired and nothing is dropped: figures stay comparable with others', and whoever
reads them can tell which rows to look at. Cheap: a few seconds for thousands of rows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from chiasm.cases import Case, Dataset
from chiasm.data import checks_choice as choice
from chiasm.data import checks_groups as groups
from chiasm.data import checks_text as text
from chiasm.data.finding import Finding as Finding
from chiasm.data.records import Record, json_records
from chiasm.text import normalise

CODES: Mapping[str, str] = {
    "ROWS": "how many cases there are (whole set)",
    "IMAGES": "how many different images they show (whole set)",
    "CATEGORY_COUNT": "how many cases a category, sub-category or source has (whole set)",
    "FIXED_QUERY": "all cases have the same query (whole set)",
    "IMAGE_NOT_ROW": "the image's number is not the row's number (whole set)",
    "NO_DESCRIPTION": "no image description, where others have one",
    "NO_QUESTION_MARK": "a query without one, where nearly all have one",
    "EMPTY_QUERY": "the query is empty",
    "RESIDUE": "the query holds what the generator that wrote it said about its task",
    "SUBCAT_MISMATCH": "the sub-category belongs to another category",
    "SHARED_IMAGE": "other rows show the same image",
    "DUP_QUERY": "other rows ask the same",
    "NEAR_DUP": "other rows ask nearly the same",
    "IDENTICAL_TO_ORIGINAL": "a contrast row asks what the original asks",
    "EDGE_SPACE": "white space around a text",
    "LINE_BREAK": "a query of several lines",
    "LITERAL_ESCAPE": "an escape sequence that was never decoded",
    "INVISIBLE": "zero-width characters and unusual spaces",
    "OTHER_SCRIPT": "letters of another script in English text",
    "DUP_OPTIONS": "two options are equal",
    "ODD_OPTION": "an option of one to three words",
    "TRUNCATED_OPTION": "an option that ends in mid-sentence",
    "KEY_REF_MISMATCH": "the right option is not the reference answer",
    "ANSWER_POSITION": "how often each letter is right (whole set)",
    "OPTION_SPACE": "how often right and wrong options begin with a space (whole set)",
}
"""Every code, and what it means."""

NEARLY_ALL = 0.9

_BY_CASES = (
    text.empty_query,
    text.no_description,
    text.residue,
    groups.subcat_mismatch,
    groups.shared_image,
    text.edge_space,
    text.line_break,
    text.literal_escape,
    text.invisible,
    text.other_script,
    choice.dup_options,
    choice.odd_option,
    choice.truncated_option,
    choice.answer_position,
    choice.option_space,
)


def check(dataset: Dataset) -> list[Finding]:
    """All findings, those about the whole set first, then by code and published order.

    Raises:
        DataError: A file beside the dataset's own that is compared with it is malformed.
    """
    found = [*facts(dataset.cases)]
    for one in _BY_CASES:
        found += one(dataset.cases)
    found += queries(dataset.cases)
    found += siblings(dataset)
    order = {code: i for i, code in enumerate(CODES)}
    return sorted(found, key=lambda f: (f.case != "", order[f.code]))


def baselines(dataset: Dataset) -> dict[str, tuple[int, int]]:
    """See `chiasm.data.checks_choice.baselines`."""
    return choice.baselines(dataset.cases)


def facts(cases: Sequence[Case]) -> Iterator[Finding]:
    """ROWS, IMAGES, CATEGORY_COUNT and IMAGE_NOT_ROW."""
    yield Finding("ROWS", "", "", f"{len(cases):,}")
    images = {image for case in cases for image in case.images}
    if images:
        yield Finding("IMAGES", "", "images", f"{len(images):,}")
    groupings = {
        "category": Counter(case.category for case in cases),
        "subcategory": Counter(case.subcategory for case in cases),
        "extra.source": Counter(case.extra.get("source", "") for case in cases),
    }
    for field, counts in groupings.items():
        for name, n in counts.most_common():
            if name:
                share = f"{n:,} ({n / len(cases):.2%})"
                yield Finding("CATEGORY_COUNT", "", field, f"{name}: {share}")
    yield from image_not_row(cases)


def image_not_row(cases: Sequence[Case]) -> Iterator[Finding]:
    """IMAGE_NOT_ROW: images are named by numbers, which are row numbers for some rows only."""
    numbered = [
        (case.id, case.id.rpartition("/")[2], PurePosixPath(case.images[0]).stem)
        for case in cases
        if case.images
    ]
    apart = [name for name, row, image in numbered if row != image]
    if numbered and all(image.isdigit() for _, _, image in numbered) and apart:
        many = f"{len(apart):,} of {len(numbered):,} rows, from {apart[0]} on"
        yield Finding("IMAGE_NOT_ROW", "", "images", many)


def queries(cases: Sequence[Case]) -> Iterator[Finding]:
    """DUP_QUERY, NEAR_DUP and NO_QUESTION_MARK; or FIXED_QUERY where all ask the same."""
    if len(cases) > 1 and len({case.query for case in cases}) == 1:
        yield Finding("FIXED_QUERY", "", "query", repr(cases[0].query))
        return
    yield from groups.dup_query(cases)
    yield from groups.near_dup(cases)
    without = [case for case in cases if not case.query.rstrip().endswith("?")]
    if len(without) < (1 - NEARLY_ALL) * len(cases):
        for case in without:
            tail = repr(case.query.rstrip()[-text.QUOTED :])
            yield Finding("NO_QUESTION_MARK", case.id, "query", f"ends {tail}")


def siblings(dataset: Dataset) -> Iterator[Finding]:
    """KEY_REF_MISMATCH and IDENTICAL_TO_ORIGINAL, where the file to compare with is there."""
    if dataset.name == "siuo_mcqa":
        rows = _rows(dataset.root, "siuo_gen.json")
        reference = {
            f"siuo/{r.get('question_id', int)}": r.get("reference_answer", str) for r in rows
        }
        yield from choice.key_ref_mismatch(dataset.cases, reference)
    if dataset.name == "mossbench_contrast":
        rows = [
            *_rows(dataset.root, "information.json"),
            *_rows(dataset.root, "data/images_information/information.json"),
        ]
        originals = {f"mossbench/{r.get('pid', str)}": r.get("question", str) for r in rows}
        yield from identical_to_original(dataset.cases, originals)


def identical_to_original(cases: Iterable[Case], originals: Mapping[str, str]) -> Iterator[Finding]:
    """IDENTICAL_TO_ORIGINAL: text alone can't tell the harmful twin from the benign original."""
    for case in cases:
        original = case.id.replace("_contrast/", "/")
        if normalise(originals.get(original, "")) == normalise(case.query):
            yield Finding("IDENTICAL_TO_ORIGINAL", case.id, "query", f"as {original}")


def _rows(root: Path, file: str) -> list[Record]:
    return [*json_records(root, file)] if (root / file).is_file() else []
