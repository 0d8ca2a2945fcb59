"""Statistics: pure functions on numbers and arrays, numpy and scipy only.

Rates are in [0, 1]. What is undefined is NaN with a reason, never 0. Formulas, sources and
coverage: docs/statistics.md.
"""

from chiasm.stats.adjusted import Adjusted, adjust
from chiasm.stats.adjusted_pairs import AdjustedDifference, adjusted_difference, adjusted_pairs
from chiasm.stats.agreement import cohen_kappa
from chiasm.stats.confusion import Confusion, confusion, confusion_from_counts
from chiasm.stats.grim import possible, possible_counts
from chiasm.stats.intervals import Bounds, Estimate, bounds, clustered, wilson
from chiasm.stats.multiple import holm
from chiasm.stats.paired import Difference, mcnemar, paired
from chiasm.stats.planning import LabelsNeeded, labels_needed
from chiasm.stats.raters import (
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from chiasm.stats.rogan_gladen import Corrected, rogan_gladen
from chiasm.stats.sampling import Choice, choose
from chiasm.stats.shrinkage import Shrunk, shrink

__all__ = [
    "Adjusted",
    "AdjustedDifference",
    "Bounds",
    "Choice",
    "Confusion",
    "Corrected",
    "Difference",
    "Estimate",
    "LabelsNeeded",
    "Shrunk",
    "adjust",
    "adjusted_difference",
    "adjusted_pairs",
    "bounds",
    "choose",
    "clustered",
    "cohen_kappa",
    "confusion",
    "confusion_from_counts",
    "fleiss_kappa",
    "gwet_ac1",
    "holm",
    "krippendorff_alpha",
    "labels_needed",
    "mcnemar",
    "paired",
    "percent_agreement",
    "possible",
    "possible_counts",
    "rogan_gladen",
    "shrink",
    "wilson",
]
