"""The benchmarks that chiasm brings, in the order of `chiasm list`."""

from chiasm.benchmarks import (
    figstep,
    mm_safetybench,
    mossbench,
    mssbench,
    scenes,
    siuo,
    siuo_mcqa,
    vlsbench,
)
from chiasm.benchmarks.benchmark import by_name

BENCHMARKS = by_name(
    (
        scenes.BENCHMARK,
        scenes.MULTIPLE_CHOICE,
        scenes.ONE_DANGER,
        scenes.HARD,
        scenes.PROBE,
        siuo.BENCHMARK,
        siuo_mcqa.BENCHMARK,
        vlsbench.BENCHMARK,
        mossbench.BENCHMARK,
        mossbench.CONTRAST,
        figstep.BENCHMARK,
        figstep.TINY,
        mm_safetybench.TEXT,
        mm_safetybench.SD,
        mm_safetybench.TYPO,
        mm_safetybench.SD_TYPO,
        mssbench.BENCHMARK,
        mssbench.EMBODIED_BENCHMARK,
    )
)
"""By name."""
