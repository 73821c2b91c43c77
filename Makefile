# Every command says what it is doing; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed-$(shell cat requirements/dev.lock | sha256sum | cut -c1-12)
export PYTHONPATH := .:runtime
# Files, names and what programs say are read as UTF-8 and in English, whatever language a person works in.
export LC_ALL := C.UTF-8
# Where it is set, every process compiles all that it imports anew: a third of `make test`.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## /{printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Set-up (every command below does what it needs of this by itself)

# $(1): folder of a virtual environment, $(2): its lock file. The lock names everything: --no-deps keeps pip from
# resolving an extra to a release that is newer than the locked one.
define VIRTUAL_ENVIRONMENT
	@echo "[setup] Python environment in $(1)" >&2
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2; exit 1; }
	@python3 -m venv $(1)
	@$(1)/bin/pip install --quiet --require-hashes --no-deps -r $(2)
	@rm -f $(1)/.installed-*; touch $@
endef

$(STAMP): requirements/dev.lock
	$(call VIRTUAL_ENVIRONMENT,$(VENV),$<)

.PHONY: venv
venv: $(STAMP) ## Make the Python environment

.PHONY: hooks
hooks: venv test-tools ## Run the quick checks before each commit from now on (git hook)
	@$(VENV)/bin/pre-commit install

# checkov's dependencies are many and old: they get a virtual environment of their own.
CHECKOV_STAMP := .venv-checkov/.installed-$(shell cat requirements/checkov.lock | sha256sum | cut -c1-12)
$(CHECKOV_STAMP): requirements/checkov.lock
	$(call VIRTUAL_ENVIRONMENT,.venv-checkov,$<)

# The same of the S3 service with lifecycle rules that tests/check talk to.
MOTO_STAMP := .venv-moto/.installed-$(shell cat requirements/moto.lock | sha256sum | cut -c1-12)
$(MOTO_STAMP): requirements/moto.lock
	$(call VIRTUAL_ENVIRONMENT,.venv-moto,$<)

.PHONY: tools
tools: ## Build the pinned tools into the cache (resumes where it was cut)
	@python3 -m idag.toolchain build --group test --group image --group demo --group cluster

# A user's own cluster is not built here.
LOCAL_KUBECONFIG := $(or $(IDAG_STATE),/var/lib/implementation-dag)/admin.kubeconfig
LOCAL_INGRESS = $(shell python3 -c 'from scripts.lab.cluster.settings import INGRESS_SERVICE_IP as found; print(found)')
FOREIGN_CLUSTER := $(filter-out $(LOCAL_KUBECONFIG),$(KUBECONFIG))
DEMO_GROUPS = --group test --group image --group demo $(if $(FOREIGN_CLUSTER),,--group cluster)
.PHONY: demo-tools
demo-tools: ## Build what the demo needs; no Kubernetes when KUBECONFIG names a cluster
	@python3 -m idag.toolchain build $(DEMO_GROUPS)

.PHONY: tools-path
tools-path: ## Print the folder of the built tools
	@python3 -m idag.toolchain path

.PHONY: test-tools
test-tools: ## Fetch the tools that `make test` needs; no compiler
	@python3 -m idag.toolchain build --group test

##@ Checks without a cluster
.PHONY: test
test: venv test-tools ## Run every test that needs no cluster: lint, types, unit tests, rendered YAML
	@echo "[test] linters and pytest, side by side" >&2
	@$(MAKE) --no-print-directory --jobs 2 --keep-going --output-sync=target unit-test lint

.PHONY: lint
lint: venv test-tools ## Run ruff, mypy --strict, import-linter and yamllint
	@echo "[lint] ruff" >&2; $(VENV)/bin/ruff check --quiet idag scripts runtime tests examples benchmarks
	@$(VENV)/bin/ruff format --check --quiet idag scripts runtime tests benchmarks
	@echo "[lint] mypy --strict" >&2; $(VENV)/bin/mypy runtime/implementation_dag idag scripts benchmarks tests
	@echo "[lint] import-linter" >&2; told=$$($(VENV)/bin/lint-imports --no-cache) || { echo "$$told" >&2; exit 1; }
	@echo "[lint] yamllint" >&2; $(VENV)/bin/yamllint --strict .

ENVIRONMENT_NAMES := $(notdir $(wildcard kustomize/overlays/*))
# What `make generate` writes whole: nobody edits it.
GENERATED := charts/implementation-dag/README.md charts/implementation-dag/files/dashboards charts/implementation-dag/values.schema.json docs/decisions/README.md \
	docs/implementation-dag.schema.json kustomize/rendered policies/admission tests/render/rights.yaml tests/render/snapshots \
	$(foreach name,$(ENVIRONMENT_NAMES),kustomize/argocd/applications/$(name).yaml kustomize/argocd/helm/$(name).yaml)
# What has parts that it writes.
WITH_PARTS := docs/lint.md docs/pipeline-user.md kustomize/argocd
.PHONY: house
house: venv ## Count what a change costs in files, broken layers, modules without a test, limits spelled twice; writes out/house.json
	@$(PYTHON) -m scripts.house $(GENERATED)

.PHONY: unit-test
unit-test: venv test-tools ## Run the tests: units, rendered YAML, its linters; writes out/junit.xml
	@mkdir -p out
# A worker more than processors, as some tests wait; a file to one worker, as its tests share what they set up.
	@$(VENV)/bin/pytest -q -n $$(($$(nproc) + 1)) --dist loadfile --junitxml out/junit.xml tests/unit tests/render tests/lint

.PHONY: api-tools
api-tools: ## Build the API server that `make test-api` asks, and Argo's controller (Kubernetes: 7 minutes, once)
	@python3 -m idag.toolchain build etcd kubernetes gateway-api argo-workflows

.PHONY: test-api
test-api: venv test-tools api-tools ## Ask a real API server what the policies let in, let the controller run on it, and simulate (SEEDS=; PROVE=1: take each rule out once)
	@mkdir -p out
	@$(VENV)/bin/pytest -q $(if $(PROVE),,-m "not long") --junitxml out/api.xml tests/api --ignore tests/api/forge --ignore tests/api/pull_requests --ignore tests/api/monitoring --ignore tests/api/simulation
	@$(MAKE) --no-print-directory simulate

.PHONY: simulate
simulate: venv test-tools api-tools ## Play histories of pull requests on a real API server, with faults at any call (SEEDS=2000 from FIRST=0 on, or SEED= for one)
	@mkdir -p out
	@$(VENV)/bin/pytest -q -n $$(nproc) --junitxml out/simulation.xml tests/api/simulation

.PHONY: forge-tools
forge-tools: api-tools ## Build the forge, and fetch GitHub's descriptions (Gitea: 8 minutes, once)
	@python3 -m idag.toolchain build gitea github-openapi github-webhooks

# What tests note stands in their report's cases.
PYTEST_NOTING := $(VENV)/bin/pytest -v -o junit_family=xunit1 --junitxml
FORGE_SUMMARY := $(PYTHON) -m scripts.lab.forge.summary out/forge/summary.json out/forge/*.xml
.PHONY: test-forge
test-forge: venv test-tools forge-tools ## Take pull requests of a real Gitea through a real API server, without a cluster; writes out/forge/summary.json
	@mkdir -p out/forge && rm -f out/forge/*.xml
	@$(PYTEST_NOTING) out/forge/api.xml tests/api/forge tests/api/pull_requests tests/check/github; told=$$?; $(FORGE_SUMMARY); exit $$told

.PHONY: observability-tools
observability-tools: forge-tools ## Build Prometheus and Alertmanager, which only their own tests need
	@python3 -m idag.toolchain build --group observability

.PHONY: e2e-observability
e2e-observability: venv test-tools observability-tools ## Watch all our processes with a real Prometheus and Alertmanager, without a cluster; writes out/observability/summary.json
	@mkdir -p out/observability
	@told=0; $(PYTEST_NOTING) out/observability/junit.xml -n 2 tests/api/monitoring || told=$$?; \
		$(MAKE) --no-print-directory check-report || told=$$?; \
		$(PYTHON) -m scripts.lab.monitoring.summary out/observability/summary.json out/observability/junit.xml \
		--pages out/observability/report.json; exit $$told

.PHONY: check-tools
check-tools: tools ## Build the tools that only `make check` needs
	@python3 -m idag.toolchain build --group check

.PHONY: check
check: venv check-tools $(CHECKOV_STAMP) $(MOTO_STAMP) ## Run the checks that need the built tools: argo lint, kubeconform, schemas, vegeta, checkov, S3
	@$(VENV)/bin/pytest -q --junitxml out/check.xml tests/load tests/check

.PHONY: check-report
check-report: venv ## Open reports of made-up runs in a browser (Debian's chromium, installed where it lacks): axe finds nothing, they fit a phone, ask for nothing; writes out/observability/report.json
	@python3 -m idag.toolchain build axe-core
	@mkdir -p out
	@$(VENV)/bin/pytest -q --junitxml out/report.xml tests/report

.PHONY: report-picture
report-picture: venv ## Draw the README's picture of a report anew, in the same browser
	@$(PYTHON) -m tests.report.picture docs/images/report.png

# ARCH: architectures (amd64, arm64); without it, this machine's.
.PHONY: images
images: venv ## Build the images into the cache (ARCH="amd64 arm64": for both, and an index of them)
	@python3 -m idag.toolchain build --group image $(foreach arch,$(ARCH),--arch $(arch))
	@$(PYTHON) -m scripts.lab.images build $(foreach arch,$(ARCH),--arch $(arch))

.PHONY: check-images
check-images: images ## Run what is in these images, another architecture's by QEMU (ARCH="amd64 arm64")
	@mkdir -p out
	@ARCH="$(ARCH)" $(VENV)/bin/pytest -q --junitxml out/images.xml tests/images

.PHONY: check-real
check-real: venv test-tools ## Take other people's charts through lint, harness and schemas (REAL=folder PIPELINE=chart WITH=folder: one through the pipeline); writes out/real
	@$(PYTHON) -m scripts.chart.real "$(REAL)" --pipeline="$(PIPELINE)" --beside="$(WITH)"

.PHONY: snapshots
snapshots: venv test-tools chart-values dashboards rendered ## Rewrite the snapshots of the rendered chart, and policies/admission
	@$(PYTHON) -m scripts.chart.render update
	@$(PYTHON) -m scripts.chart.render.standalone

.PHONY: coverage
coverage: venv test-tools ## Measure what the render cases exercise and which changes no test notices; fails below the floor (ONLY="templates/forge forge.limits": that part alone, without a floor)
	@$(PYTHON) -m scripts.chart.coverage $(if $(RAISE),--raise-floor) $(if $(ONLY),--only $(ONLY))

.PHONY: rendered
rendered: venv test-tools ## Rewrite kustomize/rendered and what kustomize/argocd has of each environment from the overlays
	@$(PYTHON) -m scripts.chart.overlays

.PHONY: chart-values
chart-values: venv ## Rewrite the chart's values.schema.json and README from values.yaml
	@$(PYTHON) -m scripts.chart.values

.PHONY: dashboards
dashboards: venv ## Rewrite Grafana's dashboards of the chart
	@$(PYTHON) -m scripts.chart.dashboards

.PHONY: schemas
schemas: venv ## Rewrite tools/schemas from the CRDs of the modules in tools/schemas/sources.toml
	@$(PYTHON) -m scripts.chart.schemas generate

.PHONY: lint-docs
lint-docs: venv ## Rewrite the tables of docs/lint.md from the rules
	@$(PYTHON) -m scripts.chart.lint_docs

.PHONY: generate
generate: snapshots lint-docs ## Write everything that is made from something else (tools/schemas: `make schemas`)
	@$(PYTHON) -m scripts.chart.rights
	@$(PYTHON) -m scripts.decisions
	@$(PYTHON) -m scripts.contract

.PHONY: verify
verify: generate ## Fail when something that is made was not committed as it is made now
	@test -z "$$(git status --porcelain -- $(GENERATED) $(WITH_PARTS))" || { git status --short -- $(GENERATED) $(WITH_PARTS); echo "stale: commit what \`make generate\` wrote" >&2; exit 1; }

##@ Local cluster
.PHONY: argocd-tools
argocd-tools: ## Build Argo CD and what it needs besides (5 minutes, once)
	@python3 -m idag.toolchain build argo-cd kustomize

.PHONY: up
up: venv tools $(if $(ARGOCD),argocd-tools) ## Bring the local cluster up, a no-op when it is (ARGOCD=1: with Argo CD)
	@$(PYTHON) -m scripts.lab.cluster up $(if $(ARGOCD),--argocd)

.PHONY: down
down: ## Take the local cluster down; nothing of it stays
	@python3 -m scripts.lab.cluster down

.PHONY: status
status: ## Show the parts of the local cluster
	@python3 -m scripts.lab.cluster status

.PHONY: e2e-ingress
e2e-ingress: venv tools ## Start the local ingress twenty times on a busy machine: each must serve HTTP/1.1 and HTTP/2
	@mkdir -p out/e2e
	@$(VENV)/bin/pytest -v -s --junitxml out/e2e/ingress.xml tests/e2e/cluster/test_ingress.py

##@ On a cluster: the local one, or KUBECONFIG's
.PHONY: demo
demo: ## Run the pipeline on a real cluster (SCENARIO=default; KUBECONFIG= for your own)
	@$(MAKE) --no-print-directory -j2 venv demo-tools
	@$(PYTHON) -m scripts.demo --scenario $(or $(SCENARIO),default)

# Argo CD and the enforcer are installed into the local cluster only: on a user's own the tests that need them are left out.
LOCAL_TESTS := tests/e2e/cluster tests/e2e/environments tests/e2e/faults tests/e2e/isolation/attacks tests/e2e/load
.PHONY: e2e
e2e: venv demo-tools $(if $(FOREIGN_CLUSTER),,isolation-tools argocd-tools) ## Run the cluster tests: the scenarios and each capability's main path
	@python3 -m idag.toolchain build argo
	@mkdir -p out/e2e
	@$(VENV)/bin/pytest -v -m "not long" --junitxml out/e2e/junit.xml $(if $(FOREIGN_CLUSTER),$(addprefix --ignore=,$(LOCAL_TESTS))) tests/e2e

.PHONY: e2e-forge
e2e-forge: venv demo-tools ## Take pull requests of a real Gitea through the pipeline too, after `make test-forge`; writes out/forge/summary.json
	@told=0; $(MAKE) --no-print-directory test-forge || told=$$?; \
		$(PYTEST_NOTING) out/forge/cluster.xml tests/e2e/forge || told=$$?; \
		$(FORGE_SUMMARY); exit $$told

.PHONY: e2e-pull-requests
e2e-pull-requests: venv demo-tools ## Run the part of `make e2e-forge` alone that has a cluster
	@mkdir -p out/e2e
	@$(PYTEST_NOTING) out/e2e/pull-requests.xml tests/e2e/forge

.PHONY: e2e-faults
e2e-faults: venv demo-tools ## Strike runs and what they need at every stage: nothing leaks, nothing is lost (SEED=1, CASE=names); writes out/faults/summary.json
	@mkdir -p out/faults
	@FAULTS=1 SEED="$(SEED)" CASE="$(CASE)" $(VENV)/bin/pytest -v -s --junitxml out/faults/junit.xml tests/e2e/faults

.PHONY: e2e-load
e2e-load: venv demo-tools ## Open many pull requests at once (PIPELINES=100): each waits for its turn, and all end right
	@mkdir -p out/load
	@PIPELINES="$(PIPELINES)" $(VENV)/bin/pytest -v -s --junitxml out/load/junit.xml tests/e2e/load

.PHONY: isolation-tools
isolation-tools: demo-tools ## Build the enforcer of network policies that only the isolation tests need
	@python3 -m idag.toolchain build --group isolation

.PHONY: e2e-isolation
e2e-isolation: venv isolation-tools ## Run the isolation tests: a hostile pull request cannot leave its box (PROVE=1: and each gets through without its layer)
	@mkdir -p out/e2e
	@PROVE=$(PROVE) $(VENV)/bin/pytest -v --junitxml out/e2e/isolation.xml tests/e2e/isolation

.PHONY: rights
rights: venv tools ## Rewrite the snapshots of what each identity can become, and what it may do as the cluster says
	@$(PYTHON) -m scripts.chart.rights
	@UPDATE_SNAPSHOTS=1 $(VENV)/bin/pytest -q tests/e2e/isolation/test_rights.py

# Two processes: production takes the place of the demo's release, which coexistence needs.
COEXISTENCE := tests/e2e/environments/test_coexistence.py
.PHONY: e2e-environments
e2e-environments: venv demo-tools argocd-tools ## Let Argo CD bring all environments up, upgrade, heal, prune, roll back; two releases in one cluster
	@mkdir -p out/environments
	@ENVIRONMENTS="$(or $(ENVIRONMENTS),$(ENVIRONMENT_NAMES))" $(VENV)/bin/pytest -v --junitxml out/environments/junit.xml --ignore=$(COEXISTENCE) tests/e2e/environments
	@$(VENV)/bin/pytest -v --junitxml out/environments/coexistence.xml $(COEXISTENCE)

.PHONY: doctor
doctor: venv ## Check a cluster (KUBECONFIG, or the local one; NAMESPACE=workflows) for what the chart needs, and say what to do
	@$(if $(FOREIGN_CLUSTER),,KUBECONFIG=$(LOCAL_KUBECONFIG)) $(PYTHON) -m idag doctor --namespace $(or $(NAMESPACE),workflows) $(if $(FOREIGN_CLUSTER),,--ingress $(LOCAL_INGRESS))

.PHONY: retention
retention: venv ## Give a release's bucket its lifecycle rules (FROM=manifest, or - for a ConfigMap from kubectl)
	@$(PYTHON) -m idag retention $(if $(DRY_RUN),--dry-run) "$(FROM)"

##@ Measurements
.PHONY: bench-overhead
bench-overhead: venv demo-tools ## Measure what the pipeline adds, beside steps that do nothing
	@$(PYTHON) -m benchmarks.overhead

.PHONY: bench-cluster
bench-cluster: venv tools ## Measure how long the local cluster takes up and down
	@$(PYTHON) -m benchmarks.cluster

.PHONY: bench-forge
bench-forge: venv ## Say what `make e2e-forge` measured of pull requests, and whether it is held
	@$(PYTHON) -m benchmarks.forge

.PHONY: bench-reaper
bench-reaper: venv test-tools api-tools ## Measure a pass of the reaper over 5,000 expired previews, on an API server alone; writes out/bench/lifecycle.json
	@$(PYTHON) -m benchmarks.reaper

.PHONY: bench-fleet
bench-fleet: venv test-tools api-tools ## Measure what a thousand previews at once need (PREVIEWS=1000), on nodes that KWOK plays; writes out/bench/lifecycle.json
	@python3 -m idag.toolchain build kwok
	@$(PYTHON) -m benchmarks.fleet --previews $(or $(PREVIEWS),1000)

.PHONY: bench-lifecycle
bench-lifecycle: ## Measure overhead, waits, many runs at once (PIPELINES=100: an hour), the reaper and a fleet, one after the other; writes out/bench/lifecycle.json
	@$(MAKE) --no-print-directory bench-overhead
	@$(MAKE) --no-print-directory e2e-load
	@$(MAKE) --no-print-directory bench-reaper
	@$(MAKE) --no-print-directory bench-fleet
	@cat out/bench/lifecycle.json

.PHONY: bench-render
bench-render: venv test-tools ## Measure the render harness beside helm-unittest and plain helm template
	@python3 -m idag.toolchain build --group bench
	@$(PYTHON) -m benchmarks.render

##@ Release
.PHONY: promote
promote: venv test-tools ## Commit what was tested FROM= into TO= on a branch (EVIDENCE=index.json or s3://bucket/key)
	@$(PYTHON) -m idag promote --from "$(FROM)" --to "$(TO)" --evidence "$(EVIDENCE)"

.PHONY: wheel
wheel: venv ## Write the operator's command, idag, as a wheel into out/wheel
	@$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir out/wheel .

.PHONY: package
package: venv test-tools ## Write the chart's package, the same bytes on every machine, and print its sha256
	@$(PYTHON) -m scripts.chart.package
