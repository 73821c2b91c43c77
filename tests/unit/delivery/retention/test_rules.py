"""Rules of the release are computed; rules of others come out as they went in."""

import pytest

from idag.retention import RetentionError, rules, settings
from idag.retention.settings import Settings

ACME = Settings("dag", "workflows", "s3.example.com", "evidence", "us-east-1", False, 30, 14, ("acme", "Example-Org"))
# As AWS answers: with a namespace, in its own order, and with elements that libraries do not know.
FOUND = b"""<?xml version="1.0"?>
<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Rule><Expiration><Days>1</Days></Expiration><ID>dag.workflows/evidence/gone</ID><Filter><Prefix>gone/</Prefix></Filter>
    <Status>Enabled</Status></Rule>
  <Rule><ID>dag.workflows-dev/logs</ID><Filter><Prefix>x/</Prefix></Filter><Status>Enabled</Status>
    <Expiration><Days>7</Days></Expiration></Rule>
  <Rule><ID>archive</ID><Filter><And><Prefix>big/</Prefix><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></And></Filter>
    <Status>Enabled</Status><Expiration><Days>9</Days></Expiration><VendorOnly>yes</VendorOnly></Rule>
</LifecycleConfiguration>"""


def days(settings: Settings) -> dict[str | None, str | None]:
    return {rule.findtext("Filter/Prefix"): rule.findtext("Expiration/Days") for rule in rules.wanted(settings)}


def test_each_owner_and_the_logs_have_a_rule() -> None:
    assert days(ACME) == {"acme/": "30", "Example-Org/": "30", "argo.logs/": "14"}
    assert [rule.findtext("NoncurrentVersionExpiration/NoncurrentDays") for rule in rules.wanted(ACME)] == [
        "30",
        "30",
        "14",
    ]


@pytest.mark.parametrize(
    ("evidence", "logs", "wanted"),
    [(0, 14, {"argo.logs/": "14"}), (30, 0, {"acme/": "30", "Example-Org/": "30"}), (0, 0, {})],
)
def test_zero_days_is_for_ever(evidence: int, logs: int, wanted: dict[str, str]) -> None:
    assert days(ACME._replace(evidence_days=evidence, logs_days=logs)) == wanted


def test_others_rules_are_carried_whole_and_old_ones_of_ours_go() -> None:
    merged = rules.merge(rules.parse(FOUND), ACME)
    again = rules.parse(rules.document(merged.all))
    assert [rule.findtext("ID") for rule in again] == [
        "dag.workflows-dev/logs",
        "archive",
        "dag.workflows/evidence/acme",
        "dag.workflows/evidence/Example-Org",
        "dag.workflows/logs",
    ]
    assert again[1].findtext("Filter/And/ObjectSizeGreaterThan") == "500"
    assert again[1].findtext("VendorOnly") == "yes"
    assert rules.same(again[:2], rules.parse(FOUND)[1:])
    assert rules.same(rules.merge(again, ACME).all, again), "a second time changes nothing"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Prefix>tmp/</Prefix>", "<Filter><Prefix>tmp/</Prefix></Filter>"),
        ("<Prefix/>", "<Filter><Prefix/></Filter>"),
        ("", "<Filter/>"),
    ],
)
def test_rules_of_the_old_form_get_a_filter_beside_ours(old: str, new: str) -> None:
    """S3: "Prefix and Filter cannot be used together" - in one configuration."""
    text = "<L><Rule><ID>theirs</ID>{}<Status>Enabled</Status><Expiration><Days>999</Days></Expiration></Rule></L>"
    found, wanted = (rules.parse(text.format(part).encode()) for part in (old, new))
    merged = rules.merge(found, ACME)
    assert rules.same(merged.others, wanted)
    assert all(rule.find("Filter") is not None and rule.find("Prefix") is None for rule in merged.all)
    assert rules.same(found, rules.parse(text.format(old).encode())), "what the bucket has stays as it was read"
    nothing = ACME._replace(evidence_days=0, logs_days=0)
    assert rules.same(rules.merge(found, nothing).all, found), "without rules of ours nothing has to change"


def test_order_does_not_matter_but_content_does() -> None:
    found = rules.parse(FOUND)
    assert rules.same(found, found[::-1])
    assert not rules.same(found, rules.parse(FOUND.replace(b"<Days>9<", b"<Days>8<")))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("<Filter/><Expiration><Days>20</Days></Expiration>", ["acme/ is to be 30 days"]),
        ("<Prefix>acme/shop/</Prefix><Expiration><Days>29</Days></Expiration>", ["acme/ is to be 30 days"]),
        ("<Filter><Prefix>argo</Prefix></Filter><Expiration><Date>2027-01-01</Date></Expiration>", ["on 2027-01-01"]),
        ("<Filter/><Expiration><Days>30</Days></Expiration>", []),
        ("<Filter><Prefix>other/</Prefix></Filter><Expiration><Days>1</Days></Expiration>", []),
        ("<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Expiration><Days>1</Days></Expiration>", []),
        ("<Filter/><AbortIncompleteMultipartUpload/>", []),
    ],
)
def test_an_earlier_rule_of_others_is_told(rule: str, told: list[str]) -> None:
    text = f"<L><Rule><ID>theirs</ID><Status>Enabled</Status>{rule}</Rule></L>"
    found = rules.earlier(rules.parse(text.encode()), ACME._replace(owners=("acme",)))
    assert len(found) == len(told) and all(part in line for part, line in zip(told, found, strict=True)), found
    assert rules.earlier(rules.parse(text.replace("Enabled", "Disabled").encode()), ACME) == []


def test_logs_for_ever_are_guarded_too() -> None:
    text = b"<L><Rule><ID>a</ID><Status>Enabled</Status><Filter/><Expiration><Days>999</Days></Expiration></Rule></L>"
    assert rules.earlier(rules.parse(text), ACME._replace(logs_days=0)) == [
        "rule 'a' of others deletes everything after 999 days; argo.logs/ is to be kept for ever: "
        "S3 goes by the earlier one"
    ]


@pytest.mark.parametrize(
    ("manifest", "told"), [("kind: ConfigMap\nmetadata: {name: other}\n", "it has none"), ("{", "is not YAML")]
)
def test_a_manifest_without_the_settings_is_refused(manifest: str, told: str) -> None:
    with pytest.raises(RetentionError, match=told):
        settings.read(manifest)


def test_rules_that_are_not_xml_are_refused() -> None:
    with pytest.raises(RetentionError, match="not XML"):
        rules.parse(b"<html>")
