"""The construction pipeline: a recipe in, an audited benchmark out.

A step keeps an item or drops it with a reason; what a step decided is stored under a key of its
content, so that a run that was killed goes on where it was. docs/build.md is the manual.
"""
