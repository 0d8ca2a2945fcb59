"""File paths that come from a dataset or an archive: untrusted until they are inside a folder."""

from pathlib import Path, PurePosixPath


class OutsideError(ValueError):
    """A path is not one of a file inside the folder; the text says why."""


def inside(root: Path, path: str) -> Path:
    """The resolved path of a file of a folder, whether it exists or not.

    Symbolic links are followed before the decision, so that a link inside the folder can't lead
    out of it.

    Args:
        root: The folder; may itself be reached through a link.
        path: Relative, with ``/`` as separator.

    Raises:
        OutsideError: The path is absolute, climbs, is not portable, or a link leads outside.
    """
    parts = relative_parts(path)
    base = root.resolve()
    try:
        found = base.joinpath(*parts).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long
        raise OutsideError(f"can't be resolved ({type(error).__name__})") from None
    if not found.is_relative_to(base):
        raise OutsideError(
            "is a link that leaves the dataset's folder; copy the files with links resolved "
            "(cp -rL) and use the copy"
        )
    return found


def relative_parts(path: str) -> tuple[str, ...]:
    """The components of a relative path; nothing is read from the disk.

    Raises:
        OutsideError: It is empty or absolute, has ``..``, a backslash, a colon, a control
            character or half a surrogate pair: what means another file on some platform.

    >>> relative_parts("./images/1.png")
    ('images', '1.png')
    """
    if "\\" in path or ":" in path or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in path):
        raise OutsideError("has a backslash, a colon or a control character")
    if path.startswith("/"):
        raise OutsideError("is absolute")
    parts = PurePosixPath(path).parts
    if ".." in parts:
        raise OutsideError("leaves the dataset's folder")
    if not parts:
        raise OutsideError("is empty")
    return parts
