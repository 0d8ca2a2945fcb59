"""What a dataset on the Hugging Face hub has at a commit, and how to get it.

Environment (huggingface_hub's own): HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE.
"""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple, cast

from chiasm.data.registry import Source
from chiasm.data.transfer import Remote
from chiasm.errors import ConfigError, DataError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import DatasetInfo, RepoSibling

PUBLIC = "https://huggingface.co"


class Listing(NamedTuple):
    """What to fetch.

    Attributes:
        revision: The commit.
        files: All of a source.
        headers: To send with each request.
    """

    revision: str
    files: tuple[Remote, ...]
    headers: Mapping[str, str]


def hub_listing(source: Source, revision: str, sha256: Mapping[str, str]) -> Listing:
    """The files of a hub dataset that a source's patterns name.

    Args:
        source: With `hub` and `patterns`.
        revision: Commit; empty takes the newest of the default branch.
        sha256: Registered digests by path; they go before what the hub says of a file.

    Raises:
        ConfigError: The dataset or the commit is not there, is gated, or can't be reached.
        DataError: No file has such a name.
    """
    from huggingface_hub import get_token, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT", PUBLIC).rstrip("/")
    info = _info(source, revision, endpoint)
    commit = info.sha or revision
    wanted = [
        sibling
        for sibling in info.siblings or ()
        if any(fnmatchcase(sibling.rfilename, pattern) for pattern in source.patterns)
    ]
    if not wanted:
        raise DataError(f"{source.hub}@{commit[:12]} has no {' or '.join(source.patterns)}")
    token = get_token()
    files = tuple(
        Remote(
            path=s.rfilename,
            url=hf_hub_url(
                source.hub, s.rfilename, repo_type="dataset", revision=commit, endpoint=endpoint
            ),
            size=s.size,
            digest=_digest(s, sha256.get(s.rfilename, "")),
            access=_access(source),
        )
        for s in wanted
    )
    return Listing(commit, files, {"Authorization": f"Bearer {token}"} if token else {})


def _digest(sibling: "RepoSibling", registered: str) -> str:
    if registered or sibling.lfs:
        return f"sha256:{registered or (sibling.lfs and sibling.lfs.sha256)}"
    return f"git:{sibling.blob_id}" if sibling.blob_id else ""


def _info(source: Source, revision: str, endpoint: str) -> "DatasetInfo":
    from huggingface_hub import HfApi, errors

    # what a lost connection raises: httpx's base error in huggingface_hub 1, that of a fork in 2
    transport = cast(type[Exception], errors.HfHubHTTPError.__bases__[0])
    try:
        return HfApi(endpoint=endpoint).dataset_info(
            source.hub, revision=revision or None, files_metadata=True, timeout=60
        )
    except errors.GatedRepoError:
        raise ConfigError(f"{source.hub} is gated\n       {_access(source)}") from None
    except errors.RevisionNotFoundError:
        raise ConfigError(
            f"{source.hub} has no revision {revision} at {endpoint}: it was removed, or this "
            "endpoint does not mirror it\n       with a copy of the data use --data DIR"
        ) from None
    except errors.RepositoryNotFoundError:
        raise ConfigError(
            f"{source.hub} is not at {endpoint}, or is private or gated\n       {_access(source)}"
        ) from None
    except errors.OfflineModeIsEnabled:
        raise ConfigError(f"{source.hub}: HF_HUB_OFFLINE is set, nothing can be fetched") from None
    except (transport, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{source.hub}: can't be listed at {endpoint}: {reason}") from None


def _access(source: Source) -> str:
    return (
        f"accept its terms at {PUBLIC}/datasets/{source.hub}, then set HF_TOKEN to a token of "
        f"that account ({PUBLIC}/settings/tokens)"
    )
