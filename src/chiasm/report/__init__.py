"""Logs -> tables and pages. Reads logs, never calls a model.

`responses` and `estimates` are the Python API; the other modules are what the command line uses:
`tables` (text, Markdown, CSV, JSON), `compare` (a gate between two runs), `conventions` (the same
answers under other tools' rules), `page` (HTML).
"""

from chiasm.report.estimates import estimates
from chiasm.report.frame import responses

__all__ = ["estimates", "responses"]
