"""Prompts are text files with a header that says where the text is from.

---
source: https://github.com/owner/repo/blob/<commit>/file.py#L79, or "ours"
fields: question, response
changes: none
---
The text as it is sent, with {question} and {response}.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from string import Formatter

from chiasm.errors import PromptError

_HEADER = ("source", "fields", "changes")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template with named fields.

    Attributes:
        name: File name without suffix, or the name under which a fetched one is known.
        text: The template; ``{{`` and ``}}`` stand for braces.
        source: Where it is from.
        changes: What differs from there.
        fields: The names that `render` needs, all of them and no others.
    """

    name: str
    text: str
    source: str
    changes: str
    fields: frozenset[str]

    @property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of the text: changes when the prompt does."""
        return sha256(self.text.encode()).hexdigest()[:12]

    @property
    def id(self) -> str:
        """``name@digest``, as logged beside every verdict."""
        return f"{self.name}@{self.digest}"

    def render(self, **values: str) -> str:
        """Fill all fields in one step, so that text in one value is never taken for a field.

        Raises:
            PromptError: A field is missing or unknown.
        """
        if values.keys() != self.fields:
            raise PromptError(
                f"prompt {self.name}: needs {sorted(self.fields)}, got {sorted(values)}"
            )
        return self.text.format(**values)


def parse(name: str, raw: str) -> Prompt:
    """Read a prompt file's content.

    Raises:
        PromptError: The header is malformed, or declares other fields than the text uses.
    """
    parts = raw.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise PromptError(f"prompt {name}: needs a header between two lines '---'")
    header = dict(line.partition(": ")[::2] for line in parts[1].strip().splitlines())
    if tuple(header) != _HEADER:
        raise PromptError(f"prompt {name}: header needs {list(_HEADER)}, got {list(header)}")
    text = parts[2].strip()
    declared = frozenset(f.strip() for f in header["fields"].split(",") if f.strip())
    used = template_fields(text)
    if declared != used:
        raise PromptError(
            f"prompt {name}: header declares {sorted(declared)}, text uses {sorted(used)}"
        )
    return Prompt(name, text, header["source"], header["changes"], declared)


def template_fields(text: str) -> frozenset[str]:
    """Names of the ``{fields}`` of a template."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def load_prompt(package: str, name: str) -> Prompt:
    """Read ``prompts/<name>.md`` of a package.

    Raises:
        PromptError: See `parse`.
        FileNotFoundError: There is no such prompt.
    """
    return parse(name, (files(package) / "prompts" / f"{name}.md").read_text(encoding="utf-8"))
