from pathlib import Path

import pytest

from chiasm.scenes.export import Summary, export


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """All evaluation families, written once."""
    return export(tmp_path_factory.mktemp("exported") / "scenes")


@pytest.fixture(scope="session")
def folder(exported: Summary) -> Path:
    """Where they are."""
    return exported.folder
