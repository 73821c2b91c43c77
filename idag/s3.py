"""A client of an S3 service, for a person's commands."""

from __future__ import annotations

import configparser
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider, Provider
from minio.error import MinioException
from urllib3.exceptions import HTTPError

# What the client raises for an address, credentials or an answer that is none of S3's: whatever a proxy sends as XML.
ERRORS = (MinioException, HTTPError, OSError, ValueError, LookupError, AttributeError, ParseError, configparser.Error)


def client(endpoint: str, region: str, credentials: Provider | None = None) -> Minio:
    """Return a client of `endpoint` (a URL).

    Without `credentials` they are the person's own: AWS's variables or ~/.aws/credentials. SSL_CERT_FILE names a
    private authority. The client raises ValueError when there are no credentials.
    """
    address = urlsplit(endpoint)
    return Minio(
        address.netloc,
        secure=address.scheme == "https",
        region=region,
        credentials=credentials or ChainedProvider([EnvAWSProvider(), AWSConfigProvider()]),
    )
