"""`idag retention`: give a bucket its lifecycle rules."""

from __future__ import annotations

from pathlib import Path

import click

from idag.retention import settings
from idag.retention.applying import apply
from idag.retention.bucket import Bucket
from idag.yaml_reader import read_stdin, read_text


@click.command()
@click.argument("manifest")
@click.option("--dry-run", is_flag=True, help="Say what would be applied.")
def retention(manifest: str, dry_run: bool) -> int:
    r"""Give a release's bucket the lifecycle rules of its values, evidence.retention.

    MANIFEST is a file with the release's objects, or with its ConfigMap <release>-artifacts alone; - is standard input:

    \b
    kubectl -n workflows get configmap implementation-dag-artifacts -o yaml | idag retention -

    Credentials are AWS's variables or ~/.aws/credentials; S3_ENDPOINT names another address of the service.
    """
    if not manifest:
        raise click.UsageError("name the manifest: a file, or - for standard input")
    text = read_stdin() if manifest == "-" else read_text(Path(manifest))
    print("\n".join(apply(Bucket(settings.read(text)), dry_run=dry_run)))
    return 0
