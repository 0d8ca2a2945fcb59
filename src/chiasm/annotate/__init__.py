"""The web application in which people label responses; its own page: docs/annotate.md."""

from importlib.util import find_spec

from chiasm.errors import ConfigError

_missing = [name for name in ("fastapi", "uvicorn", "sqlalchemy") if find_spec(name) is None]
if _missing:
    raise ConfigError(
        f'the annotation application needs {", ".join(_missing)}: pip install "chiasm[annotate]"'
    )
