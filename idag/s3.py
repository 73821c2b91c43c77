"""A client of an S3 service, for a person's commands."""

from __future__ import annotations

import configparser
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.credentials.providers import AWSConfigProvider, ChainedProvider, EnvAWSProvider, Provider
from minio.error import MinioException
from urllib3.exceptions import HTTPError, MaxRetryError

from implementation_dag.base.errors import CommandError

# What the client raises for an address, credentials or an answer that is none of S3's: whatever a proxy sends as XML.
ERRORS = (MinioException, HTTPError, OSError, ValueError, LookupError, AttributeError, ParseError, configparser.Error)


class AddressError(CommandError):
    """An address that is no S3 service's."""


def client(endpoint: str, region: str, credentials: Provider | None = None) -> Minio:
    """Return a client of `endpoint`, http(s)://host[:port].

    Without `credentials` they are the person's own: AWS's variables or ~/.aws/credentials. SSL_CERT_FILE names a
    private authority. Raises AddressError; the client raises ValueError when there are no credentials.
    """
    try:
        address = urlsplit(endpoint)
        if address.scheme not in ("http", "https") or not address.hostname or address.path.strip("/"):
            raise ValueError("it has no scheme or host, or has a path")
        return Minio(
            address.netloc,
            secure=address.scheme == "https",
            region=region,
            credentials=credentials or ChainedProvider([EnvAWSProvider(), AWSConfigProvider()]),
        )
    except ValueError as error:
        raise AddressError(f"S3_ENDPOINT {endpoint!r}: must be http(s)://host[:port]: {error}") from None


def words(error: BaseException) -> str:
    """Say in one line what one of ERRORS means, without the layers around its cause."""
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    said = " ".join(str(cause).split()) or type(cause).__name__
    # "HTTPConnection(host='10.0.0.1', port=9000): Failed to …": the caller names the place.
    return said.partition("): ")[2] or said if said.startswith("HTTP") else said
