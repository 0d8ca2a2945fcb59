"""Everything that chiasm raises on purpose.

ChiasmError
├── ConfigError    arguments, recipes or an environment that cannot work
├── DataError      a file, row or field of a dataset is not what it should be
│   └── ImageError an image is lost, unreadable, too large or outside its folder
├── PromptError    a prompt file and what fills it disagree
├── CallError      a call of the model under test failed after its retries
└── JudgeError     a judge gave no verdict: failed, refused or could not be read
"""


class ChiasmError(Exception):
    """Base of all of them; its text says what, where, expected and got, and what to do."""


class ConfigError(ChiasmError):
    """Arguments, a recipe or the environment cannot work; the command line exits with 2."""


class DataError(ChiasmError):
    """A file, row or field of a dataset is wrong; the message names all three."""

    def __init__(self, what: str, *, file: str = "", row: object = None, field: str = "") -> None:
        self.what, self.file, self.row, self.field = what, file, row, field
        place = [str(file)] if file else []
        place += [f"row {row}"] if row is not None else []
        place += [f'field "{field}"'] if field else []
        super().__init__(f"{', '.join(place)}: {what}" if place else what)


class ImageError(DataError):
    """An image is lost, is not an image, is too large, or lies outside its dataset's folder."""


class PromptError(ChiasmError):
    """A prompt's header, its fields and what is filled in do not agree."""


class CallError(ChiasmError):
    """The model under test could not be reached or answered with an error, after all retries.

    Attributes:
        kind: A short name that can be counted: "timeout", "http 500", ...
    """

    def __init__(self, what: str, *, kind: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {what}")


class JudgeError(ChiasmError):
    """A judge gave no verdict.

    Attributes:
        kind: A short name that can be counted: "judge refused", "judge unreadable",
            "judge timeout", "judge http 500", ...
    """

    def __init__(self, what: str, *, kind: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {what}")
