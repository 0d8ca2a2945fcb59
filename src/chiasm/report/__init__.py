"""Logs -> tables and pages. Reads logs, never calls a model.

`responses` and `estimates` are the Python API; `render`, `gate` and `retryable` are what the
command line prints and exits by. `conventions` shows the same answers under other tools' rules,
`page` writes HTML.
"""

from chiasm.report.compare import gate
from chiasm.report.estimates import estimates
from chiasm.report.formats import render, retryable
from chiasm.report.frame import responses

__all__ = ["estimates", "gate", "render", "responses", "retryable"]
