"""Guard models as judges: real prompt and output formats, strict parsers (docs/judges/guards.md).

A guard is named with the grader, ``guard/FORMAT@provider/model``. It judges responses, and prompts
for the leakage audit: `judge_prompt`.
"""

from chiasm.judges.guards.ask import judge_prompt, judge_response
from chiasm.judges.guards.formats import FORMATS, PREFIX, guard_named, guard_of
from chiasm.judges.guards.provider import GuardAPI
from chiasm.judges.guards.spec import Guard, GuardVerdict

__all__ = [
    "FORMATS",
    "PREFIX",
    "Guard",
    "GuardAPI",
    "GuardVerdict",
    "guard_named",
    "guard_of",
    "judge_prompt",
    "judge_response",
]
