"""Public data: which there are, where they are, whether they are what they should be."""

from chiasm.data.images import ImageFile, data_uri, missing_images, read_image
from chiasm.data.registry import Entry, cache_dir, digests, entry, locate

__all__ = [
    "Entry",
    "ImageFile",
    "cache_dir",
    "data_uri",
    "digests",
    "entry",
    "locate",
    "missing_images",
    "read_image",
]
