"""The chart renders to valid Kubernetes objects, and runs what compose runs."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from workers import queues

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "fairticket"


def render(**values: Any) -> list[dict[str, Any]]:
    with helm_python.Chart.load(CHART) as chart:
        rendered = chart.render(values=values, name="rel")
    texts = rendered.values() if isinstance(rendered, dict) else [rendered]
    return [d for text in texts for d in yaml.safe_load_all(str(text)) if d]


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    return render()


def containers(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        o["metadata"]["name"].removeprefix("rel-"): o["spec"]["template"]["spec"]["containers"][0]
        for o in objects
        if o["kind"] in ("Deployment", "Job")
    }


def test_the_chart_lints() -> None:
    report = helm_python.lint(CHART, strict=True)
    assert not [m for m in report["messages"] if m["severity"] in ("WARNING", "ERROR")], report


def test_every_object_is_valid_kubernetes(objects: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(objects))
    done = subprocess.run(
        [Path(sys.executable).parent / "kubernetes-validate", "--strict", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_queue_has_a_worker_that_scales_alone(objects: list[dict[str, Any]]) -> None:
    workers = [c["args"] for n, c in containers(objects).items() if n.startswith("worker-")]
    assert sorted(args[args.index("-Q") + 1] for args in workers) == sorted(queues.ALL)
    scaled = {o["metadata"]["name"] for o in objects if o["kind"] == "HorizontalPodAutoscaler"}
    assert "rel-worker-allocation" in scaled
    assert "rel-worker-ledger" not in scaled, "the log has one writer of its files"


def test_the_chart_runs_what_compose_runs(objects: list[dict[str, Any]]) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {
        name: shlex.split(s["command"])
        for name, s in services.items()
        if "<<" in s or "environment" in s
        if isinstance(s.get("command"), str) and name not in ("valkey", "mailsink")
    }
    assert {name: c["args"] for name, c in containers(objects).items()} == ours


def test_no_secret_stands_in_the_chart(objects: list[dict[str, Any]]) -> None:
    assert not [o for o in objects if o["kind"] == "Secret"]
    for name, container in containers(objects).items():
        assert {"secretRef": {"name": "fairticket"}} in container["envFrom"], name


def test_every_container_is_confined(objects: list[dict[str, Any]]) -> None:
    for name, container in containers(objects).items():
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["limits"]["memory"], name


def test_the_gateway_sends_the_line_to_the_fairness_service(objects: list[dict[str, Any]]) -> None:
    (ingress,) = (o for o in objects if o["kind"] == "Ingress")
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    backends = {p["path"]: p["backend"]["service"]["name"] for p in paths}
    assert backends["/"] == "rel-web-boxoffice"
    assert set(backends.values()) == {"rel-web-boxoffice", "rel-web-fairness"}


def test_a_wrong_value_is_refused_by_name() -> None:
    with pytest.raises(helm_python.HelmError, match="replicas"):
        render(workers={"line": {"queue": "line", "replicas": 0}})
