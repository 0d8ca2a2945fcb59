"""The gateway: an OpenAI-compatible reverse proxy that checks picture and text together.

`chiasm guard serve` stands between an application and its model (docs/guard.md). It asks a guard
model (`chiasm.judges.guards`) about the pair before the model sees it, and about the answer before
the application does. Defences that need no gateway are in `chiasm.defences`.
"""
