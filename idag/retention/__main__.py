"""`python -m idag.retention kustomize/rendered/production/manifests.yaml`

`kubectl -n workflows get configmap implementation-dag-artifacts -o yaml | python -m idag.retention -`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from idag.command import ends_in_words
from idag.retention import rules, settings
from idag.retention.bucket import Bucket
from idag.retention.errors import RetentionError
from idag.yaml_reader import read_stdin, read_text


def apply(bucket: Bucket, *, dry_run: bool = False) -> list[str]:
    """Give the bucket the rules of its release, leave those of others, look again; return what to tell.

    Raises RetentionError, also when the bucket answers afterwards that it has other rules.
    """
    found = bucket.rules()
    merged = rules.merge(found, bucket.settings)
    told = [f"{rule.findtext('ID')}: {_words(rule)}" for rule in merged.ours] or ["no rule: all is kept for ever"]
    if rules.same(found, merged.all):
        told.append("the bucket has these rules already")
    elif dry_run:
        told.append("not applied (--dry-run)")
    else:
        bucket.replace(merged.all)
        after = bucket.rules()
        if not rules.same(after, merged.all):
            raise RetentionError(
                f"bucket {bucket.settings.bucket} took the rules, but answers others: asked for "
                f"{rules.document(merged.all).decode()}, it has {rules.document(after).decode()}"
            )
        told.append("applied, and the bucket says so")
    told.append(f"rules of others: {len(merged.others)}, left as they are")
    return told + [f"WARNING {fault}" for fault in _faults(bucket, merged)]


def _words(rule: Element) -> str:
    return f"{rule.findtext('Filter/Prefix')} expires after {rule.findtext('Expiration/Days')} days"


def _faults(bucket: Bucket, merged: rules.Merged) -> list[str]:
    faults = rules.earlier(merged.others, bucket.settings)
    if bucket.settings.evidence_days:
        faults += [
            f"no rule for {folder}: when it is an owner's evidence, name him in evidence.retention.owners"
            for folder in bucket.without_rule()
        ]
    return faults


@ends_in_words("retention", 1)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m idag.retention",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("manifest", help="file with the release's objects, or its ConfigMap alone; - is stdin")
    parser.add_argument("--dry-run", action="store_true", help="say what would be applied")
    options = parser.parse_args(arguments)
    if not options.manifest:
        parser.error("name the manifest: `make retention FROM=manifests.yaml`, or FROM=- for standard input")
    try:
        text = read_stdin() if options.manifest == "-" else read_text(Path(options.manifest))
        told = apply(Bucket(settings.read(text)), dry_run=options.dry_run)
    except RetentionError as error:
        print(f"retention: {error}", file=sys.stderr)
        return 1
    print("\n".join(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
