"""chiasm: does a model join what it sees and what it reads?

The names below are loaded when first used, so that ``import chiasm`` stays light: no torch, no
Inspect, no pandas.

>>> import chiasm
>>> len(chiasm.load("scenes")) > 0
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chiasm.benchmarks import Benchmark as Benchmark
    from chiasm.benchmarks import Protocol as Protocol
    from chiasm.benchmarks.load import load as load
    from chiasm.cases import Case as Case
    from chiasm.cases import Dataset as Dataset
    from chiasm.report.estimates import estimates as estimates
    from chiasm.report.frame import responses as responses
    from chiasm.tasks import make_task as make_task

__version__ = "0.1.0"

_HOME = {
    "Benchmark": "benchmarks",
    "Protocol": "benchmarks",
    "load": "benchmarks",
    "Case": "cases",
    "Dataset": "cases",
    "estimates": "report",
    "responses": "report",
    "make_task": "tasks",
}

__all__ = [
    "Benchmark",
    "Case",
    "Dataset",
    "Protocol",
    "__version__",
    "estimates",
    "load",
    "make_task",
    "responses",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'chiasm' has no attribute {name!r}")
    return getattr(import_module(f"chiasm.{_HOME[name]}"), name)
