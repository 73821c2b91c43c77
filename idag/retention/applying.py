"""Give a bucket the rules of its release, and look whether it has them."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from idag.retention import rules
from idag.retention.bucket import Bucket
from idag.retention.errors import RetentionError


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
