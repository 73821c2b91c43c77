"""The demo's repository acme/shop: examples/app on main, and pull requests that change it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from idag.yaml_file import set_values
from implementation_dag.base.wait import until
from implementation_dag.contract.repository import FILE
from scripts.lab.errors import LabError
from scripts.lab.images.keys import source_files
from scripts.lab.stand.git_host import GitHost

ROOT = Path(__file__).resolve().parents[3]
APP = ROOT / "examples" / "app"
CHANGES = ROOT / "examples" / "changes"
OWNER, REPO = "acme", "shop"
HEAD_SECONDS = 30.0
VALUES = "values-preview.yaml"
OWN_SETTINGS = CHANGES / "implementation-dag.yaml"
MOVED_CHART, MOVED_VALUES = "deploy/shop", "deploy/preview.yaml"


@dataclass(frozen=True)
class PullRequest:
    """What a pull request of the demo is made of. `name` tells it from others; the forge numbers it when it is opened.

    `patch` is a file of examples/changes that the agent rex applies, empty for none; `version` replaces the
    application's version, `image` the image repository of its preview values, when not empty. `folders` are copied into
    the repository: each a folder and where in the repository its content goes. With `moved` the chart lies elsewhere
    and names its host otherwise, as the repository's own settings say.
    """

    name: str
    patch: str = ""
    version: str = ""
    image: str = ""
    folders: tuple[tuple[Path, str], ...] = ()
    moved: bool = False
    number: int = 0
    head: str = ""

    @property
    def branch(self) -> str:
        """Name of its branch."""
        return f"feature/{self.name}"


def create(host: GitHost, image: str, ingress_class: str, folder: Path) -> None:
    """Push examples/app as branch main of acme/shop; its previews run `image` (a repository without a tag).

    `folder` is where the clone is kept. Raises LabError.
    """
    host.create_repository(OWNER, REPO)
    url = host.url(OWNER, REPO)
    folder.mkdir(parents=True, exist_ok=True)
    host.git("init", "--quiet", "--initial-branch=main", cwd=folder)
    if "refs/heads/main" in host.references(OWNER, REPO, "refs/heads/main", folder):
        host.git("fetch", "--quiet", url, "main", cwd=folder)
        host.git("reset", "--quiet", "--soft", "FETCH_HEAD", cwd=folder)
    for path in source_files(APP):
        target = folder / path.relative_to(APP)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    set_values(folder / VALUES, {("image", "repository"): image})
    if ingress_class:
        set_values(folder / VALUES, {("ingress", "className"): ingress_class})
    host.git("add", "--all", cwd=folder)
    if host.git("status", "--porcelain", cwd=folder):
        host.git("commit", "--quiet", "-m", "The shop", cwd=folder)
    host.git("push", "--quiet", url, "HEAD:refs/heads/main", cwd=folder)
    host.protect(OWNER, REPO, "main")


def open_pull_request(host: GitHost, pull: PullRequest, folder: Path) -> PullRequest:
    """Push the pull request's branch, made from main, and open it; returns it with number and head. Raises LabError.

    One of that name from an earlier run is taken again: its branch is force-pushed.
    """
    host.git("checkout", "--quiet", "-B", pull.branch, "main", cwd=folder)
    try:
        if pull.patch:
            patch = CHANGES / f"{pull.patch}.patch"
            if not patch.is_file():
                raise LabError(
                    f"{patch} is missing: known are {', '.join(sorted(p.stem for p in CHANGES.glob('*.patch')))}"
                )
            target = folder / ".agents" / "change.patch"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(patch, target)
        if pull.version:
            set_version(folder / "src" / "shop" / "__init__.py", pull.version)
        if pull.image:
            set_values(folder / VALUES, {("image", "repository"): pull.image})
        for source, place in pull.folders:
            shutil.copytree(source, folder / place, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
        if pull.moved:
            move_chart(host, folder)
        # A .gitignore of theirs would leave out charts that are vendored.
        host.git("add", "--all", *(["--force"] if pull.folders else []), cwd=folder)
        host.git(
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            f"Pull request {pull.name}: {pull.patch or 'change'}",
            cwd=folder,
        )
        commit = host.git("rev-parse", "HEAD", cwd=folder)
        host.git("push", "--quiet", "--force", host.url(OWNER, REPO), f"HEAD:refs/heads/{pull.branch}", cwd=folder)
        number = host.open_pull_request(OWNER, REPO, pull.branch, f"{pull.name}: {pull.patch or 'change'}")
        _await_head(host, number, commit, folder)
        return replace(pull, number=number, head=commit)
    finally:
        host.git("checkout", "--quiet", "--force", "main", cwd=folder)


def _await_head(host: GitHost, number: int, commit: str, folder: Path) -> None:
    """Wait until the forge's reference of the pull request is the commit: it moves a moment after a push."""
    name = f"refs/pull/{number}/head"
    if not until(lambda: host.references(OWNER, REPO, name, folder).get(name) == commit, HEAD_SECONDS, 0.2):
        raise LabError(f"{name} is not {commit} after {HEAD_SECONDS:.0f} s")


def move_chart(host: GitHost, folder: Path) -> None:
    """Move chart and preview values, let the chart take a list of hosts, and say so in the repository's own file."""
    (folder / MOVED_CHART).parent.mkdir()
    host.git("mv", "charts/app", MOVED_CHART, cwd=folder)
    host.git("mv", VALUES, MOVED_VALUES, cwd=folder)
    for path in (folder / MOVED_CHART / "templates").iterdir():
        path.write_text(path.read_text().replace(".Values.ingress.host", "(index .Values.ingress.hosts 0).name"))
    values = folder / MOVED_CHART / "values.yaml"
    values.write_text(values.read_text().replace('  host: ""\n', '  hosts: [{name: ""}]\n'))
    schema = folder / MOVED_CHART / "values.schema.json"
    document = json.loads(schema.read_text())
    properties = document["properties"]["ingress"]["properties"]
    properties["hosts"] = {"type": "array", "minItems": 1, "items": {"properties": {"name": properties.pop("host")}}}
    schema.write_text(json.dumps(document, indent=2) + "\n")
    shutil.copyfile(OWN_SETTINGS, folder / FILE)


def set_version(path: Path, version: str) -> None:
    """Replace the line that sets __version__. Raises LabError when there is none."""
    lines = path.read_text().splitlines()
    places = [index for index, line in enumerate(lines) if line.startswith("__version__ = ")]
    if len(places) != 1:
        raise LabError(f"{path}: {len(places)} lines set __version__, must be 1")
    lines[places[0]] = f'__version__ = "{version}"'
    path.write_text("\n".join(lines) + "\n")
