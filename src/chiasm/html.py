"""The skeleton of every page that chiasm writes: self-contained, offline, escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment(package: str) -> Environment:
    """A Jinja2 environment over ``<package>/templates`` that escapes everything.

    Queries, answers and judges' replies are untrusted; a template that needs raw markup takes it
    from our own code as `markupsafe.Markup`, never from data.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
