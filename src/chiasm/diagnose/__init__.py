"""Why a model failed: input conditions and two probes, followed link by link (docs/diagnose.md)."""
