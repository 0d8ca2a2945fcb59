"""People's labels: what one is, reading and writing them, and who decides where people differ.

`read` and `write` know CSV, JSON Lines, Label Studio and Potato; `chiasm.labels.records` has the
nouns, `chiasm.labels.decisions` the majority, `chiasm.labels.sample` what to label next.
"""

from chiasm.labels.reading import read, read_all, write

__all__ = ["read", "read_all", "write"]
