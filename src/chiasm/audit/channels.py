"""The offline channels: no model, no network. Each on its own, never one mixed score.

`chiasm.audit.embedding` is none of them: it needs a model, and runs only where it is asked for.
"""

from chiasm.audit import harmfulness, overlap, partial_input, residue, topic
from chiasm.audit.table import Channel

CHANNELS: tuple[Channel, ...] = (
    overlap.CHANNEL,
    harmfulness.CHANNEL,
    topic.CHANNEL,
    residue.CHANNEL,
    partial_input.CHANNEL,
)
