"""`chiasm audit --fail-over`: whether a dataset leaks more than its builder allows.

Only evidence fails: the lower limit of the 95 % interval of the share flagged must lie above what
is allowed, so that a small dataset does not fail by chance. What the interval does not decide is
said, and fails with ``--strict``. Topic does not count unless it is named: it is not leakage.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from chiasm.audit.run import TOPIC, Audit
from chiasm.errors import ConfigError
from chiasm.report.wording import percent

Status = Literal["pass", "fail", "inconclusive", "silent"]


class Check(NamedTuple):
    """One channel of one dataset.

    Attributes:
        dataset: Its name.
        channel: The channel.
        status: silent where the channel says nothing about the dataset.
        text: The same in words.
    """

    dataset: str
    channel: str
    status: Status
    text: str


def check(audits: Sequence[Audit], allowed: float, channels: Sequence[str] = ()) -> list[Check]:
    """Compare shares of flagged rows with what is allowed.

    Args:
        audits: What was found.
        allowed: A share, in [0, 1).
        channels: Those that count; all but topic by default.

    Raises:
        ConfigError: The share can't be, or a channel was not used.
    """
    if not 0 <= allowed < 1:
        raise ConfigError(f"--fail-over {allowed}: expected a share, 0 or more and below 1")
    used = {c.name for a in audits for c in a.channels}
    for name in channels:
        if name not in used:
            raise ConfigError(f"--gate {name}: that channel was not used")
    wanted = set(channels) or used - {TOPIC}
    return [_check(a, i, allowed) for a in audits for i, c in enumerate(a.channels)
            if c.name in wanted]  # fmt: skip


def _check(audit: Audit, index: int, allowed: float) -> Check:
    counted = audit.channels[index]
    rate = counted.whole
    place = (audit.source.name, counted.name)
    if counted.reason or rate.rate is None or rate.low is None or rate.high is None:
        return Check(*place, "silent", counted.reason or rate.reason)
    status: Status = "inconclusive"
    if rate.low > allowed:
        status = "fail"
    elif rate.high <= allowed:
        status = "pass"
    limits = f"{percent(rate.low)} .. {percent(rate.high)}"
    said = f"{percent(rate.rate)} % flagged ({limits}), allowed {percent(allowed)} %"
    return Check(*place, status, said)


def failed(checks: Sequence[Check], *, strict: bool = False) -> bool:
    """Whether the gate fails; a dataset of which no channel says anything has not passed."""
    bad = ("fail", "inconclusive") if strict else ("fail",)
    datasets = {c.dataset for c in checks}
    heard = {c.dataset for c in checks if c.status != "silent"}
    return any(c.status in bad for c in checks) or heard != datasets
