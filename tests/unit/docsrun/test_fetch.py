"""No link of a checkout leads out of it, and one that leads nowhere harms nobody."""

from pathlib import Path

import pytest

from implementation_dag.base.errors import StepError
from implementation_dag.docsrun.fetch import refuse_links_outside
from implementation_dag.docsrun.helm import chart, dependencies


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text("[core]")
    (folder / "sub").mkdir()
    return folder


@pytest.mark.parametrize(
    "links",
    [
        {"a": "/etc/passwd"},
        {"a": "../x"},
        {"a": "sub/b", "sub/b": "../.."},
        {"a": "nothing/../../../etc"},
        {"a": ".git/config"},
        {"a": "b", "b": "c", "c": "/proc/self/environ"},
        {"sub/.hidden": "../../x"},
        {"loop": "loop", "a": "loop/../../../etc"},
    ],
)
def test_a_link_that_leads_out_is_refused(links: dict[str, str], checkout: Path) -> None:
    for name, target in links.items():
        (checkout / name).symlink_to(target)
    with pytest.raises(StepError, match="leads out of the checkout"):
        refuse_links_outside(checkout)


def test_links_inside_to_nowhere_and_to_themselves_stay(checkout: Path) -> None:
    for name, target in {"a": "sub", "b": "nothing", "loop": "loop", "c": "d", "d": "c"}.items():
        (checkout / name).symlink_to(target)
    refuse_links_outside(checkout)
    with pytest.raises(StepError, match="not in the repository at this commit"):
        chart.inside("loop/chart", "chartPath", checkout)


def test_a_chart_that_is_no_utf_8_is_left_to_helm(checkout: Path) -> None:
    (checkout / "Chart.yaml").write_bytes(b"# gr\xf6\xdfer\nname: x\ndependencies: [{name: y}]\n")
    assert [item.name for item in dependencies.missing(checkout)] == ["y"]
