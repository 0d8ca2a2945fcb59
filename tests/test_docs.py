"""What README.md and docs/ say is there and works.

A fenced block below a line ``<!-- run -->`` is run, in an empty folder: ```` ```python ```` as a
script, ```` ```console ```` line by line for lines that begin with ``$ ``. Output that stands below
a command (for a script in a ```` ```text ```` block below ``<!-- output -->``) is compared, ``...``
stands for anything. ``<!-- run: slow -->`` runs in `make test-all` only. ``../shared/data`` stands
for the real data: where that is absent, the block is skipped.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^<!-- run(?P<slow>: slow)? -->\n```(?P<kind>python|console)\n(?P<code>.*?)^```$"
    r"(?:\s+<!-- output -->\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
WRITTEN = len((ROOT / "README.md").read_text("utf-8")) > 500
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A runnable block of a page."""

    kind: str
    code: str
    output: str


def blocks():
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in BLOCK.finditer(text):
            line = text[: match.start()].count("\n") + 1
            yield pytest.param(
                Block(match["kind"], match["code"], match["output"] or ""),
                id=f"{page.relative_to(ROOT)}:{line}",
                marks=[pytest.mark.slow] if match["slow"] else [],
            )


def run(command, folder):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command} exits with {done.returncode}:\n{done.stderr}"
    return done.stdout


def same(wanted, got):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(wanted, got, flags), f"it now prints\n{got}"


def steps(code):
    """(command, output shown below it) of a console block; a trailing backslash continues."""
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next(i for i, line in enumerate(lines) if not line.rstrip().endswith("\\"))
        yield "".join(lines[: end + 1]), "".join(lines[end + 1 :])


@pytest.mark.parametrize("block", list(blocks()))
def test_blocks_run_and_print_what_the_page_shows(block, tmp_path, request):
    code = block.code
    if "../shared/data" in code:
        code = code.replace("../shared/data", str(request.getfixturevalue("shared")))
    if block.kind == "python":
        printed = run([sys.executable, "-c", code], tmp_path)
        if block.output:
            same(block.output, printed)
        return
    for command, shown in steps(code):
        printed = run(["bash", "-ec", command], tmp_path)
        if shown.strip():
            same(shown, printed)


def commands():
    """Every command of the command line, as ``chiasm data get``; empty until there is one."""
    if not (ROOT / "src" / "chiasm" / "cli" / "__init__.py").exists():
        return
    import click

    from chiasm.cli import main

    def walk(command, path):
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from walk(child, f"{path} {name}")
        else:
            yield path, command

    yield from walk(main, "chiasm")


PATHS = [path for path, command in commands() if not command.hidden]
written = pytest.mark.skipif(not WRITTEN, reason="README.md is not written yet")


@pytest.mark.parametrize("path", PATHS)
@written
def test_every_command_is_in_the_docs(path):
    assert any(path in page.read_text("utf-8") for page in PAGES), f"no page names `{path}`"


@pytest.mark.parametrize("path", PATHS)
def test_help_shows_an_example(path):
    from click.testing import CliRunner

    from chiasm.cli import main

    done = CliRunner().invoke(main, [*path.split()[1:], "--help"], prog_name="chiasm")
    assert done.exit_code == 0
    usage, _, rest = done.output.partition("\n")
    assert usage.startswith("Usage:")
    assert path in rest, f"`{path} --help` shows no example"


@written
def test_every_benchmark_is_in_the_docs():
    from chiasm.benchmarks import BENCHMARKS

    pages = "".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in BENCHMARKS if f"`{name}`" not in pages] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    prose = FENCE.sub("", page.read_text("utf-8"))
    targets = [t for t in LINK.findall(prose) if not t.startswith(("http", "mailto:", "#"))]
    assert [t for t in targets if not (page.parent / t).exists()] == []
