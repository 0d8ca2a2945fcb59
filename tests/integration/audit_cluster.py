"""An audit on a Ray cluster of two nodes while a worker is killed and a node is lost.

Run by test_audit_scale.py in a network namespace of its own: folder of rows, folder of results.
Prints a line of JSON: digest of the findings, nodes before and after, pids that were killed.
"""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from chiasm.audit import sources
from chiasm.audit.findings import write_findings
from chiasm.audit.run import Options, audit

SHARD = 200


def workers(root: int) -> list[int]:
    """Ray's worker processes below this one, idle or not."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        waiting += parents.get(pid, [])
        try:
            name = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if name.startswith(b"ray::score_bytes"):
            found.append(pid)
    return sorted(found)


def main(rows: str, out: Path) -> None:
    """Audit; after the first shard kill a worker, after the fifth lose a node."""
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    second = cluster.add_node(**node)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    seen = {"killed": 0, "nodes": [sum(n["Alive"] for n in ray.nodes())], "lost": False}

    def tell(name: str, done: int, total: int) -> None:
        running = workers(os.getpid())
        if done and not seen["killed"] and running:
            os.kill(running[0], signal.SIGKILL)
            seen["killed"] += 1
        if done >= 5 * SHARD and not seen["lost"]:
            seen["lost"] = True
            cluster.remove_node(second, allow_graceful=False)

    sources.BATCH = SHARD
    found = audit(sources.open_source(rows), out / "work", Options(engine="ray"), tell=tell)
    deadline = time.monotonic() + 60  # the cluster notices by missed heartbeats
    while (alive := sum(n["Alive"] for n in ray.nodes())) > 1 and time.monotonic() < deadline:
        time.sleep(0.2)
    seen["nodes"].append(alive)
    write_findings(found.parts, out / "findings.parquet", {})
    digest = hashlib.sha256((out / "findings.parquet").read_bytes()).hexdigest()
    print(json.dumps({"digest": digest, "shards": len(found.parts), **seen}), flush=True)
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
