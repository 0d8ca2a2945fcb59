"""The same findings bit for bit on a Ray cluster that loses a worker and a node."""

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chiasm.audit import sources
from chiasm.audit.findings import write_findings
from chiasm.audit.run import Options, audit
from chiasm.audit.sources import open_source
from chiasm.errors import ConfigError
from tests.audit.toys import write_rows

ROOT = Path(__file__).resolve().parents[2]
SHARD = 200
TIMEOUT = 300

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs the extra `ray`"
)


def namespace() -> list[str]:
    """How to run a command with a loopback interface only; skips where that is not permitted."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs `unshare` and `ip` for a network namespace of its own")
    command = ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("a network namespace of one's own is not permitted here")
    return command


@pytest.mark.slow
@needs_ray
def test_two_nodes_of_which_one_is_lost(tmp_path, monkeypatch):
    rows = write_rows(tmp_path / "rows.jsonl", 20 * SHARD)
    command = [*namespace(), sys.executable, str(Path(__file__).with_name("audit_cluster.py"))]
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": "/tmp",  # Ray's sockets have short names only
    }  # fmt: skip
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "RAY_ADDRESS"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [*command, str(rows), str(tmp_path / "ray")], stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=environment, start_new_session=True,
    )  # fmt: skip
    (tmp_path / "ray").mkdir()
    try:
        said, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail(f"the cluster had not finished after {TIMEOUT} s")
    assert process.returncode == 0, said
    done = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert (done["shards"], done["nodes"], done["killed"]) == (20, [2, 1], 1)

    monkeypatch.setattr(sources, "BATCH", SHARD)
    local = audit(open_source(str(rows)), tmp_path / "local", Options(workers=1))
    write_findings(local.parts, tmp_path / "local.parquet", {})
    digest = hashlib.sha256((tmp_path / "local.parquet").read_bytes()).hexdigest()
    assert done["digest"] == digest


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    rows = write_rows(tmp_path / "rows.jsonl", 20)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'chiasm\[ray\]'"):
        audit(open_source(str(rows)), tmp_path / "work", Options(engine="ray"))
