"""Benchmarks: what is asked, of which data, judged how; one file each.

>>> "siuo" in BENCHMARKS
True
"""

from chiasm.benchmarks.benchmark import Benchmark as Benchmark
from chiasm.benchmarks.benchmark import Protocol as Protocol
from chiasm.benchmarks.catalogue import BENCHMARKS as BENCHMARKS
from chiasm.benchmarks.load import load as load
from chiasm.benchmarks.load import resolve as resolve
from chiasm.benchmarks.load import root_of as root_of
from chiasm.benchmarks.plugins import names as names
from chiasm.benchmarks.plugins import plugins as plugins
