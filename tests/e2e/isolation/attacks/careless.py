"""Our programs without one of their layers: Python that runs before them, in place of what checks."""

from __future__ import annotations

# In every container of ours.
CODE = {
    # With a git host that has whatever it is asked for: a name that nobody has would be refused there as well.
    "arguments": """
from implementation_dag.base import pull_request
from implementation_dag.contract import arguments, names
pull_request.resolve = lambda url, pr, commit, branch: pull_request.Head(commit or "0" * 40, branch or "feature")
arguments.validate = lambda given: None
names.evidence_prefix = lambda *given: "{}/{}/pr-{}/{}".format(*given)
""",
    "checkout": """
from implementation_dag.base import git
from implementation_dag.docsrun import fetch
git.HARDENING[:] = ["safe.directory=*", "protocol.allow=always"]
fetch.refuse_links_outside = lambda folder: None
plain = git.fetch
def with_submodules(url, commit, folder):
    plain(url, commit, folder)
    try:
        git.git("submodule", "update", "--init", cwd=folder)
    except git.GitError as error:
        print(error)
fetch.git.fetch = with_submodules
""",
    "helm": """
import re
from implementation_dag.docsrun.helm import command, dependencies
dependencies.REMOTE = re.compile(".+")
plain_run, plain_environment = command.run, command.environment
def run(arguments, *rest, **named):
    return plain_run([*arguments, "--enable-dns"] if arguments[0] == "upgrade" else arguments, *rest, **named)
command.run = run
command.environment = lambda: plain_environment() | {"HELM_PLUGINS": "/work/src/plugins"}
""",
    # What hands a box's folders over follows links, and its reader takes whatever comes; the box outlives its step.
    "box": """
import os
from pathlib import Path
from implementation_dag.agents import bundle, client, evidence
def naive(folder, *, repository):
    def entries(path, prefix):
        os.chmod(path, 0o755) if os.access(path, os.X_OK) and not os.access(path, os.R_OK) else None
        for entry in sorted(path.iterdir()):
            name = prefix + entry.name
            if name == ".git" and not repository:
                continue
            if entry.is_dir():
                yield bundle._line({"kind": "folder", "path": name})
                yield from entries(entry, name + "/")
            elif entry.is_file() and os.access(entry, os.R_OK):
                content = entry.read_bytes()
                mode = bool(entry.stat().st_mode & 0o100)
                yield bundle._line({"kind": "file", "path": name, "size": len(content), "executable": mode}) + content
    yield from entries(Path(folder), "")
    yield bundle._line({"kind": "end"})
bundle.pack = naive
strict = bundle.unpack
bundle.unpack = lambda reader, folder, *, repository: strict(reader, folder, repository=True)
client.Box.delete = lambda self: None
""",
    "acceptance": """
from implementation_dag.acceptance import vegeta
vegeta.REDIRECTS = 5
""",
    # Whatever a repository's own file says counts: in helm's step, where it is read, and in acceptance.
    "repository": """
import yaml
from implementation_dag.contract import repository
repository.parse = lambda content, allowed: yaml.safe_load(content)
own = lambda settings: {repository.LIMITS[name].name: limit for name, limit in settings.get("limits", {}).items()}
repository.in_force = lambda given, settings: dict(given) | own(settings)
from implementation_dag.docsrun.helm import installation
installation._chart = lambda given, own, allowed: own.get("chartPath", given.chart_path)
""",
    "log": """
from implementation_dag.base import log
log.clean = lambda text: text
""",
}
# The same in the controller, which makes the pods of agents: theirs has the step's credentials, or no bounds.
CONTROLLER = {
    "box": """
from implementation_dag.agents import pod
plain_build = pod.build
def build(*given):
    made = plain_build(*given)
    spec = made["spec"]
    mounts = [
        {"name": "git", "mountPath": "/var/run/secrets/implementation-dag/git"},
        {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
        {"name": "argo", "mountPath": "/var/run/argo"},
    ]
    token = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}
    spec["volumes"] += [
        {"name": "git", "secret": {"secretName": "GIT_SECRET", "defaultMode": 0o444}},
        {"name": "token", "projected": {"sources": [token]}},
        {"name": "argo", "emptyDir": {}},
        {"name": "layers", "configMap": {"name": "CONFIG_MAP"}},
    ]
    path = "/layers:/opt/implementation-dag:/opt/implementation-dag/lib"
    for container in (*spec["initContainers"], *spec["containers"]):
        container["volumeMounts"] = container["volumeMounts"] + mounts
        if container["name"] != "agent":
            container["volumeMounts"].append({"name": "layers", "mountPath": "/layers"})
            container["env"] = container["env"] + [{"name": "PYTHONPATH", "value": path}]
    receive = spec["initContainers"][0]
    receive["command"] = ["sh", "-c", 'touch /var/run/argo/argoexec && exec "$@"', "sh", *receive["command"]]
    return made
pod.build = build
""",
    "limits": """
from implementation_dag.agents import pod
bounded_build = pod.build
def build(*given):
    made = bounded_build(*given)
    for volume in made["spec"]["volumes"]:
        if "sizeLimit" in volume.get("emptyDir", {}):
            volume["emptyDir"]["sizeLimit"] = "4Gi"
    made["spec"]["containers"][0]["resources"] = {"limits": {"memory": "6Gi"}}
    return made
pod.build = build
""",
}
