"""What a run is given reaches code in base64 until it was checked; evidence lies where contract/names.py says."""

from __future__ import annotations

import re

from idag.render import Objects
from implementation_dag.contract import names
from implementation_dag.contract.served import APART

from .test_pipeline import containers, pipeline

# The pod that runs whatever was given: of the exit handler.
UNCHECKED = ("evidence",)
PARAMETER = re.compile(r"workflow\.parameters[.\w]*")


def test_a_step_that_meets_unchecked_arguments_gets_them_in_base64(objects: Objects) -> None:
    for name in UNCHECKED:
        for container in containers(pipeline(objects).templates[name]):
            for variable in container["env"]:
                value = str(variable.get("value", ""))
                used = PARAMETER.findall(value)
                assert not used or value == f"{{{{=sprig.b64enc({used[0]})}}}}", f"{name} {variable['name']}"


def test_no_step_is_handed_free_text_or_a_whole_list_of_parameters(objects: Objects) -> None:
    for template in pipeline(objects).templates.values():
        text = str(template)
        assert "workflow.failures" not in text
        assert not re.search(r"workflow\.(parameters|annotations|labels)(\.json)?\}\}", text)


def test_evidence_lies_where_naming_says(objects: Objects) -> None:
    """One fact in two languages: the patterns that decide which names stand in a key as they are."""
    owner, repo, pr = (
        f"workflow.parameters.{name} matches '^{pattern.pattern.removesuffix(chr(92) + 'Z')}$'"
        for name, pattern in (("owner", names.OWNER_KEY), ("repo", names.REPO_KEY), ("pr", names.PR_KEY))
    )
    dots = "workflow.parameters.repo not in ['.', '..']"
    readable = "workflow.parameters.owner + '/' + workflow.parameters.repo + '/pr-' + workflow.parameters.pr"
    known = f"{owner} && {repo} && {dots} && {pr}"
    folder = f"{{{{={known} ? {readable} : '_refused/' + workflow.namespace}}}}/"
    keys = [
        f"{artifact['s3']['key']}/"
        for template in pipeline(objects).templates.values()
        for side in ("inputs", "outputs")
        for artifact in (template.get(side) or {}).get("artifacts", [])
        if "s3" in artifact
    ]
    assert all(key.startswith(folder) for key in keys), keys
    outside = [key.removeprefix(folder) for key in keys if not key.startswith(f"{folder}{{{{workflow.name}}}}/")]
    # Of all runs of the pull request.
    assert sorted(outside) == ["runs.html/", "runs.json/", "runs.json/"]


def test_the_two_pages_keep_their_names_in_the_bucket(objects: Objects) -> None:
    for manifest in objects.of("WorkflowTemplate"):
        if (template := manifest.templates.get("coderun-main")) and "container" in template:
            found = {
                item["s3"]["key"].rpartition("/")[2]: item["path"]
                for item in template["outputs"]["artifacts"]
                if item["name"] != "evidence"
            }
            assert found == {name: f"/artifacts/apart/{file}" for name, file in APART.items()}
