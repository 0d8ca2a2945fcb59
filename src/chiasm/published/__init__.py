"""Published rates as data: what others measured, by which judge, of how many.

`rates.csv` holds facts only, one row a figure, each with its source (`sources.csv`); the columns
are those of `table.Rate`. `groups` puts together what may stand together, `beside` adds runs of
one's own, `formats` and `page` show them, `grim` asks whether the figures are possible.
"""

from chiasm.published.table import Rate, load, select

__all__ = ["Rate", "load", "select"]
