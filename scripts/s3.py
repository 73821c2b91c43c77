"""A client of an S3 service, for a person's commands."""

from __future__ import annotations

from urllib.parse import urlsplit

from minio import Minio
from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider


def client(endpoint: str, region: str) -> Minio:
    """Return a client of `endpoint` (a URL), with the person's own credentials: AWS's variables or ~/.aws/credentials.

    SSL_CERT_FILE names a private authority. The client raises ValueError when there are no credentials.
    """
    address = urlsplit(endpoint)
    return Minio(
        address.netloc,
        secure=address.scheme == "https",
        region=region,
        credentials=ChainedProvider([EnvAWSProvider(), AWSConfigProvider()]),
    )
