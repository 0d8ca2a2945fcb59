"""The authors' rubrics are fetched, checked and read without running anything.

The files here are ours, of the same structure; the authors' are not part of the repository.
"""

import ast
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chiasm.cases import Case, Oracle
from chiasm.errors import ConfigError
from chiasm.judges import paper
from chiasm.judges.paper import SOURCES, fetch_rubric, only_fields, strings
from chiasm.judges.rubric import PAPER, rubric

SIUO_LIKE = """
import nothing_that_exists
raise SystemExit("this file must never be run")


def process(mode):
    if mode == "safe":
        prompt_template = "Is it safe? {question} {explanation} {reference} {response} \\n{x y}"
    if mode == "effective":
        prompt_template = "Is it of use? {question} {response}\\n[Reasons:] {explain why}"
    prompt_template = compute(mode)
"""

VLS_LIKE = '''
def evaluate(rows):
    PROMPT_TEMPLATE = """
    Which? {question} {response} as JSON {{}}
    """.strip()
'''

MSS_LIKE = """
prompt_chat = {"prompt_template": "{prompt1}|{response}|{prompt2}", "prompt1": "One",
               "prompt2": "Two {rubric}"}
annotation_aspects_chat = {"do_not_answer": {"0": "no", "1": "warns {so}"}}
prompt_embodied = dict(prompt_chat)
"""

CASE = Case(
    id="t/1",
    turns=("May I {response} go?",),
    images=("a.png",),
    ground_truth="unsafe",
    category="c",
    cluster="t/1",
    oracle=Oracle(warning="Loose.", reference="Step back."),
)


@pytest.fixture
def pinned(monkeypatch):
    """Pins a text of ours in place of the authors' file."""

    def pin(name: str, text: str) -> bytes:
        data = text.encode()
        source = SOURCES[name]._replace(sha256=sha256(data).hexdigest())
        monkeypatch.setattr(paper, "SOURCES", {**paper.SOURCES, name: source})
        return data

    return pin


@pytest.fixture
def github(tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder that a local server serves as if it were GitHub."""
    root = tmp_path / "github"
    root.mkdir()
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("CHIASM_GITHUB", f"http://127.0.0.1:{server.server_port}/")
    yield root
    server.shutdown()
    server.server_close()


def serve(root: Path, name: str, data: bytes) -> Path:
    source = SOURCES[name]
    path = root / source.repo / source.commit / source.path
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_pins_are_commits_and_digests():
    for source in SOURCES.values():
        assert len(source.commit) == 40
        assert len(source.sha256) == 64
        assert int(source.commit, 16) >= 0
        assert int(source.sha256, 16) >= 0
        assert source.permalink.startswith(f"https://github.com/{source.repo}/blob/")
    assert {key.partition("/")[0] for key in SOURCES} == set(PAPER)


def test_a_local_file_gives_a_prompt_with_named_fields(tmp_path, pinned):
    data = pinned("siuo_safety", SIUO_LIKE)
    pinned("siuo_effectiveness", SIUO_LIKE)
    (tmp_path / "f.py").write_bytes(data)
    safe = fetch_rubric("siuo_safety", tmp_path / "f.py")
    assert safe.fields == {"question", "explanation", "reference", "response"}
    assert safe.render(question="q", explanation="e", reference="r", response="{a}") == (
        "Is it safe? q e r {a} \n{x y}"
    )
    assert safe.source == SOURCES["siuo_safety"].permalink
    effective = fetch_rubric("siuo_effectiveness", tmp_path / "f.py")
    assert effective.text == "Is it of use? {question} {response}\n[Reasons:] {{explain why}}"


def test_the_rubric_of_a_local_file_fills_in_one_step(tmp_path, pinned):
    (tmp_path / "f.py").write_bytes(pinned("siuo_safety", SIUO_LIKE))
    rule = rubric("siuo_safety", protocol="paper", file=tmp_path / "f.py")
    assert (rule.max_tokens, rule.temperature, rule.image_first) == (200, 0.0, False)
    text = rule.render(CASE, "Yes, {question}.")
    assert text == "Is it safe? May I {response} go? Loose. Step back. Yes, {question}. \n{x y}"
    assert rule.outcome(CASE, "true") == "safe_unspecified"


def test_vlsbench(tmp_path, pinned):
    (tmp_path / "f.py").write_bytes(pinned("vlsbench_safety", VLS_LIKE))
    rule = rubric("vlsbench_safety", protocol="paper", file=tmp_path / "f.py")
    assert rule.prompt.text == "Which? {question} {response} as JSON {{}}"
    assert rule.render(CASE, " a ") == "Which? May I {response} go? a as JSON {}"
    assert (rule.max_tokens, rule.image_first, rule.system is not None) == (128, True, True)
    assert rule.schema.model_json_schema()["required"] == ["label", "label_str", "explanation"]


def test_a_template_in_parts(tmp_path, pinned):
    (tmp_path / "f.py").write_bytes(pinned("mssbench_classes/chat", MSS_LIKE))
    found = fetch_rubric("mssbench_classes", tmp_path / "f.py", "chat")
    assert found.render(response="a") == "One|a|Two \n0: no\n1: warns {so}\n"


def test_another_file_is_refused(tmp_path):
    (tmp_path / "f.py").write_text("EVAL = 'x'")
    with pytest.raises(ConfigError, match=r"is not the authors' file https://github\.com/xirui-li"):
        fetch_rubric("mossbench_refusal", tmp_path / "f.py")


def test_a_lost_file(tmp_path):
    with pytest.raises(ConfigError, match=r"--rubric .*f\.py: No such file"):
        fetch_rubric("mossbench_refusal", tmp_path / "f.py")


def test_fetching_checks_the_digest_and_happens_once(github, isolated, pinned):
    data = pinned("mossbench_refusal", 'EVAL = """Refused? {question} {response}\n"""\n')
    path = serve(github, "mossbench_refusal", data)
    found = fetch_rubric("mossbench_refusal")
    assert found.text == "Refused? {question} {response}\n"
    path.unlink()
    assert fetch_rubric("mossbench_refusal") == found
    [cached] = (isolated / "chiasm" / "rubrics").iterdir()
    cached.write_text("spoilt")
    with pytest.raises(ConfigError, match="404"):
        fetch_rubric("mossbench_refusal")


@pytest.mark.parametrize("data", [b"EVAL = 'other'", b"x" * 2_000_000])
def test_what_was_fetched_may_be_wrong(github, isolated, data):
    serve(github, "mossbench_refusal", data)
    with pytest.raises(ConfigError, match=r"expected sha256|is larger than"):
        fetch_rubric("mossbench_refusal")
    assert not (isolated / "chiasm" / "rubrics").exists()


def test_without_a_network_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setenv("CHIASM_GITHUB", "http://127.0.0.1:9")
    with pytest.raises(ConfigError, match=r"--rubric FILE.*--protocol chiasm@1"):
        rubric("siuo_safety", protocol="paper")


def test_strings_ignores_what_is_no_constant():
    tree = ast.parse("p = f()\np = f'{x}'\nq = 'no'\nclass C:\n    p = 'yes'\np = 'b'.upper()")
    assert strings(tree, "p") == ["yes"]


def test_only_fields_leaves_other_braces_as_text():
    assert only_fields("{a} {b} {{a}}", ("a",)) == "{a} {{b}} {{{a}}}"
