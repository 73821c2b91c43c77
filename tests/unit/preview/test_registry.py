"""What a registry hands out was pushed by a pull request's own CI: it may be anything."""

import json

import pytest

from implementation_dag.preview import registry

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("config", "revision"),
    [
        ('{"config": {"Labels": {"org.opencontainers.image.revision": "abc"}}}', "abc"),
        ('{"config": {"Labels": {"org.opencontainers.image.revision": 5}}}', "5"),
        ('{"config": {"Labels": {"org.opencontainers.image.revision": "' + "x" * 10**6 + '"}}}', "x" * 100),
        ('{"config": {"Labels": {"org.opencontainers.image.revision": "\\ud800"}}}', r"\xd800"),
        ('{"config": {"Labels": ["org.opencontainers.image.revision"]}}', ""),
        ('{"config": null}', ""),
        ("[]", ""),
        ("[" * 100_000, ""),
        ("no JSON", ""),
    ],
)
def test_any_configuration_has_a_revision_or_none(config: str, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"digest": DIGEST, "config": config, "manifest": "{}"}
    monkeypatch.setattr(registry, "_crane", lambda call, _: (True, answers[call]))
    assert registry.look_up("r/x", "t") == registry.Image("r/x:t", DIGEST, revision)


@pytest.mark.parametrize("manifest", ["[]", "null", "[" * 100_000, '{"manifests": {"a": 1}}', '{"manifests": [1, {}]}'])
def test_any_manifest_names_platforms_or_none(manifest: str) -> None:
    assert registry.platforms(manifest) == ()


@pytest.mark.parametrize("architectures", [["arm64"], ["amd64", "arm64"], ["s390x", "amd64"]])
def test_an_index_for_any_architecture_has_the_revision_of_its_images(
    architectures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As crane, an index is taken for its image for amd64."""
    children = {f"sha256:{name.encode().hex():0>64}": name for name in architectures}
    index = {"manifests": [{"digest": key, "platform": {"architecture": name}} for key, name in children.items()]}
    label = '{"config": {"Labels": {"org.opencontainers.image.revision": "abc"}}}'

    def crane(call: str, reference: str) -> tuple[bool, str]:
        if call == "config" and reference == f"r/x@{DIGEST}" and "amd64" not in architectures:
            return False, f"no child with platform linux/amd64 in index {reference}"
        return True, {"digest": DIGEST, "manifest": json.dumps(index), "config": label}[call]

    monkeypatch.setattr(registry, "_crane", crane)
    assert registry.look_up("r/x", "t") == registry.Image("r/x:t", DIGEST, "abc", tuple(children))


def test_an_index_names_its_platforms() -> None:
    assert registry.platforms(f'{{"manifests": [{{"digest": "{DIGEST}"}}, {{"digest": "x"}}]}}') == (DIGEST,)
