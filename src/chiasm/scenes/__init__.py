"""Scenes: matched pictures and queries, drawn by code, in which neither alone tells the danger.

docs/scenes.md explains the grids, the scores and how to add a family.
"""

from chiasm.scenes.cases import VARIANTS, cases, good_answer, good_option, image_bytes, probes
from chiasm.scenes.grammar import Family, families, select
from chiasm.scenes.store import VERSION, find, pictures, query_risk, risk_of, root, write

__all__ = [
    "VARIANTS",
    "VERSION",
    "Family",
    "cases",
    "families",
    "find",
    "good_answer",
    "good_option",
    "image_bytes",
    "pictures",
    "probes",
    "query_risk",
    "risk_of",
    "root",
    "select",
    "write",
]
