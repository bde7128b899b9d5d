"""What a rule of S3 is given: a call, and the bucket that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.s3.models import s3_backends

from awslab.local.aws.services import Asked

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"


@dataclass
class BucketAsked(Asked):
    """One call of S3, while it is carried out."""

    is_new: bool = False  # the bucket was not there before the call

    @property
    def name(self) -> str:
        """Return the bucket's name."""
        return str(self.call.params.get("Bucket", ""))

    @property
    def backend(self) -> Any:
        """Return moto's backend of the account."""
        return s3_backends[self.call.account]["aws"]

    @property
    def bucket(self) -> Any:
        """Return moto's bucket; None where there is none."""
        return self.backend.buckets.get(self.name)
