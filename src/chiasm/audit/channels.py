"""The offline channels: no model, no network. Each on its own, never one mixed score."""

from chiasm.audit import harmfulness, overlap, partial_input, residue, topic
from chiasm.audit.table import Channel

CHANNELS: tuple[Channel, ...] = (
    overlap.CHANNEL,
    harmfulness.CHANNEL,
    topic.CHANNEL,
    residue.CHANNEL,
    partial_input.CHANNEL,
)
