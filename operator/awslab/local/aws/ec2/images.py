"""The images that everybody has, which are made when somebody asks for the first one.

moto makes a thousand in each region, with a disk and a snapshot each, as soon as anybody calls EC2 there: that takes
longer than most of what tests do after it.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.amis import AmiBackend

_load_of_moto = AmiBackend._load_amis  # noqa: SLF001 - one of patches.PATCHED
_describe_of_moto = AmiBackend.describe_images


def images(ec2: Any) -> dict[str, Any]:
    """Return the images of moto's EC2 of an account and region, by id."""
    if not getattr(ec2, "has_images", False):
        ec2.has_images = True
        _load_of_moto(ec2)
    found: dict[str, Any] = ec2.amis
    return found


def describe(self: Any, *arguments: Any, **options: Any) -> Any:
    """List images, as moto does."""
    images(self)
    return _describe_of_moto(self, *arguments, **options)


AmiBackend._load_amis = lambda _: None  # noqa: SLF001
AmiBackend.describe_images = describe
