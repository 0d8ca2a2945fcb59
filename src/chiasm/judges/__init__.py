"""What assigns outcomes: rubrics for LLM judges, exact rules, and the triage of outputs.

Nothing here is imported with the package; `chiasm.judges.ask` is the only module that needs
Inspect.
"""
