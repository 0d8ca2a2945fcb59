"""People's labels: what one is, reading and writing them, and who decides where people differ.

`read` and `write` know CSV, JSON Lines, Label Studio and Potato; `load` knows databases too.
`chiasm.labels.records` has the nouns, `chiasm.labels.decisions` the majority.
"""

from chiasm.labels.reading import load, read, read_all, write

__all__ = ["load", "read", "read_all", "write"]
