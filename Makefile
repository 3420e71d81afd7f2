.DEFAULT_GOAL := help
.PHONY: acceptance docs help demo demo-down set-up test test-unit test-sandbox test-e2e lint types benchmark-growth benchmark-dags benchmark-image benchmark-sizes benchmark-news benchmark-kills benchmark-trigger benchmark-diagnosis benchmark-same-minute

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dbt-platform
UV_VERSION := 0.13.9
export UV := $(CACHE)/uv/$(UV_VERSION)/bin/uv
BIN := .venv/bin
# Images of Python set it: every start of dbt, of a Pulumi program and of its plugins would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Side by side, for two cores: one process waits most of the time, for Airflow, and without Docker one more, for a provider.
SIDE_BY_SIDE := --dist loadgroup --no-loadscope-reorder --numprocesses

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.complete: uv.lock pyproject.toml sandbox/pyproject.toml sandbox/bootstrap.sh
	@sandbox/bootstrap.sh "$(CACHE)/uv/$(UV_VERSION)" "$(UV_VERSION)"
	@touch $@

demo: $(BIN)/.complete ## deploy everything on this machine, run dbt through Airflow, show the results
	@$(BIN)/sandbox demo

demo-down: $(BIN)/.complete ## destroy the demo's stack and end everything it started
	@$(BIN)/sandbox down

test: lint ## the whole test suite: unit, sandbox, end to end
	@$(MAKE) --no-print-directory --jobs 3 types test-unit set-up
	@$(BIN)/pytest sandbox/tests/integration tests/sandbox tests/e2e $(SIDE_BY_SIDE) 2

# For what the tests leave of the two cores: on a bare machine, the Pulumi CLI is compiled.
set-up: $(BIN)/.complete ## make what the demo and the tests with Docker need, which they would do themselves
	@nice $(BIN)/sandbox set-up

test-unit: $(BIN)/.complete ## the tests that need no Docker
	@$(BIN)/pytest tests/witness tests/unit sandbox/tests/unit $(SIDE_BY_SIDE) 3

test-sandbox: $(BIN)/.complete ## the stand-ins and the stack, with the real engine
	@$(BIN)/pytest sandbox/tests/integration tests/sandbox $(SIDE_BY_SIDE) 2

test-e2e: $(BIN)/.complete ## the main job and its failures
	@$(BIN)/pytest tests/e2e

lint: $(BIN)/.complete ## ruff, format, import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@PYTHONPATH=image $(BIN)/lint-imports --no-logo

types: $(BIN)/.complete ## basedpyright
	@$(BIN)/basedpyright

docs: $(BIN)/.complete ## the pages as a site, in site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo "site/index.html"

acceptance: $(BIN)/.complete ## prove a deployed stack end to end: make acceptance STACK=dev
	@$(BIN)/ops --stack "$(STACK)" acceptance $(WORKSTREAM)

benchmark-growth: $(BIN)/.complete ## time what people do with stacks of 1 to 200 workstreams (a quarter of an hour)
	@$(BIN)/python -m benchmarks.growth

benchmark-dags: $(BIN)/.complete ## what 50 and 500 DAGs cost Airflow, against Cosmos
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.dags

benchmark-image: $(BIN)/.complete ## the dbt image against the plain way: start, build, size, a task per model (about 10 minutes)
	@$(BIN)/python -m benchmarks.image

benchmark-sizes: $(BIN)/.complete ## what a larger Fargate task buys: start and 40 models by cpu, with the cost (about 10 minutes)
	@$(BIN)/python -m benchmarks.sizes

benchmark-news: $(BIN)/.complete ## what `onlyNew` saves: 200 models on ten sources of which one has news (about 10 minutes)
	@$(BIN)/python -m benchmarks.news

benchmark-kills: $(BIN)/.complete ## kill Airflow 20 times while runs are on: nothing lost, doubled or left behind (about 30 minutes)
	@$(BIN)/python -m benchmarks.kills

benchmark-trigger: $(BIN)/.complete ## where the seconds go between a trigger in Airflow and dbt's first query (about 10 minutes)
	@$(BIN)/python -m benchmarks.trigger

benchmark-same-minute: $(BIN)/.complete ## 200 workstreams that start in the same minute, against an ECS that throttles (2 minutes)
	@PYTHONPATH=dags $(BIN)/python -m benchmarks.same_minute

benchmark-diagnosis: $(BIN)/.complete ## how often the diagnosis of a failed run is right
	@PYTHONPATH=dags $(BIN)/python -m benchmarks.diagnosis
