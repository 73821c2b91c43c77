"""The shop's own chart renders a restricted pod, takes tag@digest and refuses what its schema does not know."""

from __future__ import annotations

from typing import Any

import pytest

from idag.render import RenderError, helm
from tests.unit.lab.images.checkout import ROOT

APP = ROOT / "examples" / "app"
DIGEST = "sha256:" + "c" * 64


def render(*settings: str) -> dict[str, Any]:
    flags = [f"--set={setting}" for setting in settings]
    values = APP / "values-preview.yaml"
    objects = helm.template(APP / "charts" / "app", values, helm="helm4", release="shop-pr-7", flags=flags)
    return {item["kind"]: item for item in objects}


def test_preview_pins_the_digest_and_serves_its_host() -> None:
    objects = render(
        f"image.tag=pr-7@{DIGEST}", "ingress.host=shop-pr-7.preview.example.com", "ingress.className=skipper"
    )
    container = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"registry.example.com/acme/shop:pr-7@{DIGEST}"
    assert objects["Ingress"]["spec"]["rules"][0]["host"] == "shop-pr-7.preview.example.com"
    assert objects["Ingress"]["spec"]["ingressClassName"] == "skipper"
    assert (
        objects["Service"]["spec"]["selector"].items()
        <= objects["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    )


def test_pod_meets_the_restricted_standard() -> None:
    pod = render()["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}


def test_without_a_host_there_is_no_ingress() -> None:
    assert set(render()) == {"Deployment", "Service"}


@pytest.mark.parametrize(
    "setting",
    ["image.tag=pr 7", "image.tag=pr-7@sha256:abc", "ingress.host=UPPER.example.com", "image.name=x", "replicas=0"],
)
def test_schema_refuses(setting: str) -> None:
    with pytest.raises(RenderError, match=setting.split("=")[0].split(".")[0]):
        render(setting)
