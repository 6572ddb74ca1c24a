# What there is to do with this checkout: `make help`.
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := requirements/runtime.txt requirements/build.txt
COVERED := --cov --cov-report=term:skip-covered --cov-fail-under=90
export PYTHON

.PHONY: help demo up setup independent test bench lint fmt languages clean

help: ## List what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-13s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## Rehearse a whole sale with a crowd; the site stays up until Ctrl-C (ARGS=…)
	@$(BIN)/fairticket rehearse --stay $(ARGS)

up: $(VENV)/.runtime ## Start everything and stay until Ctrl-C (ARGS=…)
	@$(BIN)/fairticket up $(ARGS)

setup: $(VENV)/.dev .venv-ministack/.stamp .venv-localstripe/.stamp ## Install what developing and testing needs

independent: .venv-independent/.stamp ## Install others' verifiers, which the tests let loose on our log

test: setup ## Run the whole suite, or a part (T=tests/fairness); COVERAGE=1 measures that too
ifdef T
	$(BIN)/pytest $(T)
else
	$(BIN)/pytest -n 3 --dist loadgroup $(if $(COVERAGE),$(COVERED))
endif

bench: setup ## Measure against a floor taken in the same run; writes build/bench.json
	$(BIN)/python -m bench

lint: setup ## Check style, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: setup ## Put the code into the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

languages: setup ## Gather the texts of site and notices, and name those without a translation
	$(BIN)/python -m tools.languages

clean: ## Remove what was built and installed here
	rm -rf build dist *.egg-info .venv .venv-ministack .venv-localstripe .venv-independent .coverage .*_cache

# A stamp says that the environment holds what the files named after it ask for.
$(VENV)/.runtime: $(RUNTIME) setup.cfg
	@tools/venv.sh $(VENV) $(RUNTIME)
	@tools/package.sh $(VENV)
	@touch $@

$(VENV)/.dev: requirements/dev.txt setup.cfg
	@tools/venv.sh $(VENV) requirements/dev.txt
	@tools/package.sh $(VENV)
	@touch $@ $(VENV)/.runtime

.venv-ministack/.stamp: requirements/ministack.txt
	@tools/venv.sh .venv-ministack requirements/ministack.txt
	@touch $@

.venv-localstripe/.stamp: requirements/localstripe.txt
	@tools/venv.sh .venv-localstripe requirements/localstripe.txt
	@touch $@

.venv-independent/.stamp: requirements/independent.txt tools/independent.sh
	@tools/independent.sh .venv-independent requirements/independent.txt
	@touch $@
