"""Lifecycle rules as S3's XML: ours from the settings, everybody else's as they are.

Source: PutBucketLifecycleConfiguration in the S3 API reference. Rules of others are never modelled, only carried: a
library's model would drop elements that it does not know, and so widen what they delete. Only where their prefix stands
is changed, from the form of before 2016 to today's: S3 refuses the two side by side.
"""

from __future__ import annotations

import copy
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from idag.retention.errors import RetentionError
from idag.retention.settings import Settings

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Merged(NamedTuple):
    """What the bucket should have: `ours`, after the rules of others."""

    ours: list[Element]
    others: list[Element]

    @property
    def all(self) -> list[Element]:
        return [*self.others, *self.ours]


def identity(settings: Settings) -> str:
    """Return what the IDs of this release's rules begin with; no other release's IDs do."""
    return f"{settings.release}.{settings.namespace}/"


def wanted(settings: Settings) -> list[Element]:
    """Return the rules of this release: one for each part of the bucket that is not kept for ever."""
    parts = settings.prefixes().items()
    return [_rule(identity(settings) + name, prefix, days) for name, (prefix, days) in parts if days]


def _rule(name: str, prefix: str, days: int) -> Element:
    rule = Element("Rule")
    SubElement(rule, "ID").text = name
    SubElement(SubElement(rule, "Filter"), "Prefix").text = prefix
    SubElement(rule, "Status").text = "Enabled"
    SubElement(SubElement(rule, "Expiration"), "Days").text = str(days)
    # In a bucket with versions, expiry only hides an object: its content goes by this.
    SubElement(SubElement(rule, "NoncurrentVersionExpiration"), "NoncurrentDays").text = str(days)
    return rule


def merge(found: list[Element], settings: Settings) -> Merged:
    """Return `found` with the rules of this release replaced by the wanted ones."""
    mine, ours = identity(settings), wanted(settings)
    others = [rule for rule in found if not rule.findtext("ID", "").startswith(mine)]
    return Merged(ours, [_with_filter(rule) for rule in others] if ours else others)


def _with_filter(rule: Element) -> Element:
    """The rule with its prefix in a Filter: S3 takes no configuration in which some rules have one and some do not."""
    if rule.find("Filter") is not None:
        return rule
    changed = copy.deepcopy(rule)
    held = Element("Filter")
    for prefix in changed.findall("Prefix"):
        changed.remove(prefix)
        held.append(prefix)
    changed.insert(1, held)
    return changed


def parse(text: bytes) -> list[Element]:
    """Return the rules of a lifecycle configuration, tags without namespace. Raises RetentionError."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (expat bounds entities; it is the operator's own S3 service)
    except ElementTree.ParseError as error:
        raise RetentionError(f"the bucket's lifecycle rules are not XML ({error}): {text[:200]!r}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root.findall("Rule")


def document(rules: list[Element]) -> bytes:
    """Return the lifecycle configuration of `rules`."""
    root = Element("LifecycleConfiguration", xmlns=NAMESPACE)
    root.extend(rules)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def same(left: list[Element], right: list[Element]) -> bool:
    """Whether two lists hold the same rules, in whatever order they and their elements are."""
    return sorted(map(_plain, left)) == sorted(map(_plain, right))


def _plain(element: Element) -> str:
    return f"{element.tag}({(element.text or '').strip()}{''.join(sorted(map(_plain, element)))})"


def earlier(others: list[Element], settings: Settings) -> list[str]:
    """Say which rules of others delete evidence or logs before their time: S3 goes by the earliest rule."""
    told = []
    for rule in others:
        expiration = rule.find("Expiration")
        # Objects of the pipeline carry no tags: a rule that asks for one does not touch them.
        if rule.findtext("Status") != "Enabled" or expiration is None or rule.find(".//Tag") is not None:
            continue
        limit = expiration.findtext("Days") or expiration.findtext("Date")
        theirs = rule.findtext(".//Prefix") or ""
        for prefix, days in settings.prefixes().values():
            overlap = prefix.startswith(theirs) or theirs.startswith(prefix)
            if limit and overlap and not (days and limit.isdigit() and int(limit) >= days):
                ends = f"after {limit} days" if limit.isdigit() else f"on {limit}"
                keep = f"{days} days" if days else "kept for ever"
                told.append(
                    f"rule {rule.findtext('ID', '(no ID)')!r} of others deletes {theirs or 'everything'} {ends}; "
                    f"{prefix} is to be {keep}: S3 goes by the earlier one"
                )
    return told
