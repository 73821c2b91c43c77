"""Hostile applications: bombs in a preview's pod, and answers to the real acceptance step."""

from __future__ import annotations

import json
import time

from implementation_dag.base import wait
from implementation_dag.preview.preview_look import repository

from .box import Box, encoded
from .corpus import Case
from .pipeline import run_template

BOMB_SECONDS = 150.0
ANSWERS = """
import socket, sys, threading, time
def head(status, *lines):
    return "\\r\\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")
def big(peer):
    peer.sendall(head("200 OK", f"Content-Length: {1 << 34}"))
    for _ in range(1 << 14):
        peer.sendall(bytes(1 << 20))
def redirect(peer):
    peer.sendall(head("302 Found", "Location: http://169.254.169.254/latest/", "Content-Length: 0"))
def escapes(peer):
    body = b"\\x1b[2J\\x1b[31m# All good\\n[click](javascript:alert(1))"
    peer.sendall(head("500 \\x1b[2JAll good", "X-Forged: a\\x1b[31mb", f"Content-Length: {len(body)}") + body)
def good(peer):
    peer.sendall(head("200 OK", "Content-Length: 2") + b"ok")
def drip(peer):
    peer.sendall(head("200 OK", "Content-Length: 100000"))
    for _ in range(60):
        peer.sendall(b"x")
        time.sleep(1)
def serve(peer):
    try:
        peer.recv(65536)
        globals()[sys.argv[1]](peer)
    except OSError:
        pass
    finally:
        peer.close()
listener = socket.create_server(("", 8080), backlog=64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def bomb(box: Box, case: Case) -> str:
    """Run the program in a preview of its own; what it printed and how its pod ended."""
    pr = box.own_preview()
    namespace = f"--namespace=impl-pr-{pr}"
    spec = {"restartPolicy": "Never", "activeDeadlineSeconds": int(BOMB_SECONDS)}
    limits = {"memory": case.options["memory"]} if "memory" in case.options else {}
    if "limits" in box.without:
        limits = {"memory": "2Gi", "ephemeral-storage": "2Gi"}
    spec["containers"] = [{"name": "app", "resources": {"limits": limits}}]
    pod = box.pod("escape", case.given, **spec)
    box.deployer(pr).run("create", "--filename=-", namespace, stdin=json.dumps(pod))
    for _ in wait.rounds(BOMB_SECONDS):
        status = (box.kubectl.get("pod", "escape", namespace) or {}).get("status", {})
        if status.get("phase") in ("Succeeded", "Failed"):
            break
    ended = [item.get("state", {}).get("terminated") or {} for item in status.get("containerStatuses", [])]
    words = [f"{status.get('reason')}: {status.get('message')}", *(str(item.get("reason")) for item in ended)]
    if status.get("reason") != "Evicted":
        words.append(box.kubectl.run("logs", "escape", namespace))
    return "; ".join(words)


def answer(box: Box, case: Case) -> str:
    """Serve the answer behind the preview's own host and let the acceptance step test it; the step's log."""
    pr = box.own_preview()
    name, namespace, host = "escape", f"--namespace=impl-pr-{pr}", box.host(pr)
    container = {"name": "app", "command": ["python3", "-u", "-c", ANSWERS, case.given]}
    backend = {"service": {"name": name, "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    items = [
        box.pod(name, "", containers=[container]),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": name},
            "spec": {"rules": [rule]},
        },
    ]
    document = {"apiVersion": "v1", "kind": "List", "items": items}
    box.deployer(pr).run("create", "--filename=-", namespace, stdin=json.dumps(document))
    box.kubectl.run("wait", "--for=condition=Ready", f"pod/{name}", namespace, "--timeout=90s")
    time.sleep(3)  # the ingress controller reads its routes every second
    workflow = f"isolation-{pr}"
    box.hand_over(pr, case.options.get("holder", workflow))
    given = {"NS": f"impl-pr-{pr}", "image": repository(box.image), "digests": case.options.get("tested", running(box))}
    given |= {"repository": encoded(case.options.get("repository", ""))}
    given |= {"min_success_pct": "0.95", "max_p95_ms": "1200", "requests_per_host": "2"}
    urls = {"hosts": [host], "urls": [f"https://{host}"], "ns": f"impl-pr-{pr}", "release": name}
    arguments = {
        "parameters": [{"name": key, "value": value} for key, value in given.items()],
        "artifacts": [{"name": "deploy-urls", "raw": {"data": json.dumps(urls)}}],
    }
    parameters = {"owner": "acme", "repo": "isolation", "pr": str(pr)}
    return run_template(box, parameters, {"name": box.release, "template": "acceptance"}, arguments, name=workflow)


def running(box: Box) -> str:
    """The digest of our runtime's image, which the applications run."""
    (pod,) = box.kubectl.items(
        "pods", f"--namespace={box.namespace}", "--selector=app.kubernetes.io/component=controller"
    )
    return str(pod["status"]["containerStatuses"][0]["imageID"]).rpartition("@")[2]
