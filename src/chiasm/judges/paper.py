"""The authors' own rubrics, fetched when they are asked for and never redistributed.

A rubric is a string in a Python file of the authors' repository. The file is fetched at a pinned
commit, its SHA-256 is compared with the one below, and the string is read from its syntax tree;
nothing of it is run. Machines without a network pass a copy of the file (``--rubric FILE``), which
has to have the same digest.

MM-SafetyBench is not here: no copy of its evaluation code could be seen, so nothing is pinned.
"""

import ast
import os
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from chiasm.errors import ConfigError
from chiasm.prompts import Prompt, template_fields

GITHUB = "https://raw.githubusercontent.com"
"""Where files are fetched from; the environment variable CHIASM_GITHUB names a mirror."""

MAX_BYTES = 1_000_000
TIMEOUT_S = 30.0


class Source(NamedTuple):
    """Where a rubric is.

    Attributes:
        repo: ``owner/name`` on GitHub.
        commit: 40 hex digits.
        path: Of the file in the repository.
        sha256: Of the file's bytes at that commit.
        extract: From the file's syntax tree to the template, fields in single braces.
        fields: Names of its fields, as the authors call them.
    """

    repo: str
    commit: str
    path: str
    sha256: str
    extract: Callable[[ast.Module], str]
    fields: tuple[str, ...]

    @property
    def permalink(self) -> str:
        """For people."""
        return f"https://github.com/{self.repo}/blob/{self.commit}/{self.path}"


def fetch_rubric(name: str, file: Path | None = None, variant: str = "") -> Prompt:
    """The authors' prompt.

    Args:
        name: A rubric's name.
        file: A local copy of the authors' file; None fetches it, once.
        variant: Of rubrics with several prompts.

    Raises:
        ConfigError: There is none, it can't be fetched, or its digest differs.
    """
    key = f"{name}/{variant}" if variant else name
    if key not in SOURCES:
        raise ConfigError(
            f"protocol paper: the authors' rubric for {name} is not pinned; "
            f"there are {', '.join(SOURCES)}"
        )
    source = SOURCES[key]
    data = _local(source, file) if file else _cached(source)
    text = source.extract(ast.parse(data))
    return Prompt(f"{key}/paper", text, source.permalink, "none", template_fields(text))


def strings(tree: ast.Module, name: str) -> list[str]:
    r"""Every string constant assigned to a variable, anywhere in a file, from top to bottom.

    A call of `strip` on the constant is carried out, as it would be when the file runs.

    >>> strings(ast.parse("if x:\n  p = ' a '.strip()\nelse:\n  p = 'b'"), "p")
    ['a', 'b']
    """
    found = []
    for value in assigned(tree, name):
        match value:
            case ast.Constant(value=str(text)):
                found.append(text)
            case ast.Call(func=ast.Attribute(ast.Constant(value=str(text)), "strip"), args=[]):
                found.append(text.strip())
    return found


def assigned(tree: ast.Module, name: str) -> list[ast.expr]:
    """The expressions assigned to a variable, from top to bottom."""
    nodes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    return [node.value for node in sorted(nodes, key=lambda node: node.lineno)]


def only_fields(text: str, fields: tuple[str, ...]) -> str:
    """A template in which other braces are text, as for code that fills it by `str.replace`.

    >>> only_fields("{response} [{explain why}]", ("response",))
    '{response} [{{explain why}}]'
    """
    text = text.replace("{", "{{").replace("}", "}}")
    for name in fields:
        text = text.replace("{{" + name + "}}", "{" + name + "}")
    return text


def _mssbench(scene: str) -> Callable[[ast.Module], str]:
    """A template that the authors put together from two dictionaries."""

    def extract(tree: ast.Module) -> str:
        parts = ast.literal_eval(assigned(tree, f"prompt_{scene}")[0])
        classes = ast.literal_eval(assigned(tree, f"annotation_aspects_{scene}")[0])
        listed = "".join(f"{k}: {v}\n" for k, v in classes["do_not_answer"].items())
        text = parts["prompt_template"].format(
            prompt1=parts["prompt1"],
            response="\0",
            prompt2=parts["prompt2"].format(rubric="\n" + listed),
        )
        return only_fields(text.replace("\0", "{response}"), ("response",))

    return extract


def _siuo(index: int, *fields: str) -> Source:
    return Source(
        "sinwang20/SIUO",
        "18974b65d238ad636d65d238541c7d75279ebb3e",
        "eval/gpt-eval.py",
        "ff10f4830de8c627b8ae66d73e78202d51f925284ecdf6acb5099dd8c5f2deab",
        lambda tree: only_fields(strings(tree, "prompt_template")[index], fields),
        fields,
    )


def _mss(scene: str) -> Source:
    return Source(
        "eric-ai-lab/MSSBench",
        "1602193f49cb6925bfa3751be157d0bbf5439779",
        "utils/gpt4_eval.py",
        "c78f3d8ab1e8509d67d009a4e5bc84c34a23b885b60184d1e213dcd58e01146a",
        _mssbench(scene),
        ("response",),
    )


SOURCES: Mapping[str, Source] = {
    "siuo_safety": _siuo(0, "question", "explanation", "reference", "response"),
    "siuo_effectiveness": _siuo(1, "question", "response"),
    "vlsbench_safety": Source(
        "AI45Lab/VLSBench",
        "68f54dea3eab134afefe602a5c7283bfa39a886a",
        "eval_utils.py",
        "33f22bf1e2dad1fdfa145303e052fa01d51b5501b35d33fbe008501ef89b3848",
        lambda tree: strings(tree, "PROMPT_TEMPLATE")[0],
        ("question", "response"),
    ),
    "mossbench_refusal": Source(
        "xirui-li/MOSSBench",
        "8d68b0614b39d8990a508e03d99975832f399db2",
        "MOSSBench/evaluation/evaluation_prompts.py",
        "77f0049d3f8bb8c2a598087e563690c17b9d2685c069a37c2aed0630097676ee",
        lambda tree: strings(tree, "EVAL")[0],
        ("question", "response"),
    ),
    "mssbench_classes/chat": _mss("chat"),
    "mssbench_classes/embodied": _mss("embodied"),
}
"""By rubric, or rubric/variant."""


def _local(source: Source, file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"--rubric {file}: {error.strerror}") from None
    _check(source, data, f"--rubric {file}")
    return data


def _cached(source: Source) -> bytes:
    from chiasm.data.registry import cache_dir

    path = cache_dir() / "rubrics" / f"{source.sha256}.txt"
    if path.is_file() and sha256(data := path.read_bytes()).hexdigest() == source.sha256:
        return data
    data = _download(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed, so that a kill or a second process never leaves half a file.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
    return data


def _download(source: Source) -> bytes:
    import httpx

    base = os.environ.get("CHIASM_GITHUB", GITHUB).rstrip("/")
    url = f"{base}/{source.repo}/{source.commit}/{source.path}"
    data = b""
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=True) as reply:
            reply.raise_for_status()
            for chunk in reply.iter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise ConfigError(f"{url} is larger than {MAX_BYTES} bytes: not the rubric")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigError(
            f"the authors' rubric could not be fetched from {url} ({error}). Without a network, "
            f"get {source.permalink} elsewhere and pass it with --rubric FILE, or use our own "
            "rubric: --protocol chiasm@1"
        ) from None
    _check(source, data, url)
    return data


def _check(source: Source, data: bytes, where: str) -> None:
    found = sha256(data).hexdigest()
    if found != source.sha256:
        raise ConfigError(
            f"{where} is not the authors' file {source.permalink}: expected sha256 "
            f"{source.sha256}, got {found}"
        )
