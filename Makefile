# polyathlon: `make demo` sets everything up and plays; `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first interpreter that is new enough; give another with: make demo PYTHON=...
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	"$$name" -c '$(NEW_ENOUGH)' 2>/dev/null && echo "$$name" && break; done)
VENV ?= .venv
PY := $(VENV)/bin/python
POLYATHLON := $(VENV)/bin/polyathlon
CONSTRAINTS := requirements/constraints.txt
PIP := $(PY) -m pip --disable-pip-version-check -qq
STAMP := $(VENV)/.polyathlon-installed
BENCH_STAMP := $(VENV)/.polyathlon-bench-installed
ROOMS := $(filter-out tests,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))

.PHONY: help demo test laws check typings bench faults proof proof-board proof-remote train-check results \
	validate-socialnav validate-a1 validate-widowx validate-miniwob references schema clean venv system

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 28

demo: $(STAMP) system  ## set up, play the warm-up with the oracle and at random, show the table
	@$(POLYATHLON) eval warmup --agent oracle --skip-unsupported --out runs/demo-oracle --video 1
	@$(POLYATHLON) eval warmup --agent random --out runs/demo-random
	@$(POLYATHLON) eval langr --agent oracle --episodes 1 --out runs/demo-langr
	@$(POLYATHLON) report runs/demo-langr --out runs/demo-langr/report.html
	@$(POLYATHLON) report runs/demo-oracle --out runs/demo-oracle/report.html
	@$(POLYATHLON) report runs/demo-random --out runs/demo-random/report.html
	@$(POLYATHLON) leaderboard build runs/demo-oracle runs/demo-random \
		leaderboard/submissions --out runs/site
	@echo "results:     runs/demo-oracle/result.json  runs/demo-random/result.json"
	@echo "reports:     runs/demo-oracle/report.html  runs/demo-random/report.html"
	@echo "             runs/demo-langr/report.html (every step of ten episodes in a home)"
	@echo "leaderboard: runs/site/index.html"

# A process more than there are cores: many tests wait.
JOBS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)

# Files that try more where LAWS=all.
LAW_FILES := tests/test_task_laws.py tests/faults/test_resume.py tests/test_miniwob.py \
	tests/test_d5rl_datasets.py

test: $(STAMP) system  ## every test
	@$(PY) -m pytest -q -n $(JOBS) --dist loadgroup

laws: $(STAMP) system  ## what `make test` tries on samples, on everything: tasks, kills
	@LAWS=all $(PY) -m pytest -q -n $(JOBS) --dist loadgroup $(LAW_FILES)

check: $(STAMP) typings  ## style, types, spelling, and that the changelog is kept
	@echo "ruff check" && $(PY) -m ruff check .
	@echo "ruff format" && $(PY) -m ruff format --check .
	@echo "mypy" && $(PY) -m mypy --config-file setup.cfg
	@echo "codespell" && $(VENV)/bin/codespell
	@test -s CHANGELOG.md || { echo "CHANGELOG.md is missing: a line a user-visible change"; exit 1; }

# Type checkers know nothing of setuptools' package_dir: they read this folder of links.
typings:  ## the links through which type checkers find the package
	@rm -rf typings && mkdir -p typings/polyathlon
	@for entry in __init__.py py.typed $(ROOMS); do \
		ln -s "../../$$entry" "typings/polyathlon/$$entry"; done

bench: $(BENCH_STAMP) system  ## what the evaluator costs, as ratios within one run
	@$(PY) tests/bench

proof: $(STAMP)  ## slow proofs: Language Rearrangement, adapters on 50 tasks, memory of imports
	@$(PY) tests/proofs langr-oracle
	@$(PY) tests/proofs langr-random
	@MASKED_ACTIONS=1000 $(PY) -m pytest -q tests/test_constrained_generation.py
	@$(PY) tests/proofs adapters
	@$(PY) tests/proofs import-memory
	@$(PY) tests/proofs soak --episodes 20000

proof-board: $(STAMP) system  ## submissions: flipped bytes, replays of every family, comparisons
	@$(PY) tests/proofs submission-flips
	@$(PY) tests/proofs submission-replays --episodes 3
	@$(PY) tests/proofs comparisons --tries 2000

# Tasks that have a solver, so that random play and the solvers' stand in one table; and the one that
# PPO learns in some minutes, so that an agent with weights stands between them.
SOLVABLE := metaworld.reach,metaworld.push,metaworld.drawer-open,metaworld.button-press-topdown,$\
	babyai.go-to-red-ball,babyai.open,babyai.pickup-loc
LEARNT := babyai.go-to-red-ball
REFERENCES := leaderboard/submissions
RUNS := runs/reference

references: $(STAMP) system  ## play, train, pack and verify our own submissions again, 10 min
	@rm -rf $(RUNS)
	@for agent in random oracle; do \
		$(POLYATHLON) eval "$(SOLVABLE)" --episodes 5 --agent $$agent --video 0 \
			--out $(RUNS)/$$agent && \
		$(POLYATHLON) eval $(LEARNT) --episodes 50 --agent $$agent --video 0 \
			--out $(RUNS)/$$agent-learnt || exit 1; done
	@$(POLYATHLON) train ppo $(LEARNT) --backend envpool --steps 200000 --evaluate-every 200000 \
		--no-tensorboard --out $(RUNS)/ppo
	@$(POLYATHLON) eval $(LEARNT) --episodes 50 --agent $(RUNS)/ppo/best --video 0 \
		--out $(RUNS)/ppo-learnt
	@$(POLYATHLON) leaderboard pack $(RUNS)/random $(RUNS)/random-learnt \
		--name "Random play" --card $(REFERENCES)/random.json --out $(REFERENCES)/random.zip
	@$(POLYATHLON) leaderboard pack $(RUNS)/oracle $(RUNS)/oracle-learnt \
		--name "Scripted solvers" --card $(REFERENCES)/oracle.json --out $(REFERENCES)/oracle.zip
	@$(POLYATHLON) leaderboard pack $(RUNS)/ppo-learnt --name "PPO, 200,000 steps" \
		--card $(REFERENCES)/ppo.json --weights $(RUNS)/ppo/best \
		--out $(REFERENCES)/ppo.zip
	@for name in random oracle ppo; do \
		$(POLYATHLON) leaderboard verify $(REFERENCES)/$$name.zip --all || exit 1; done

proof-remote: $(STAMP)  ## served policies: five faults, 20 trials each, 10 min
	@$(PY) tests/proofs served
	@$(PY) tests/proofs outages --tries 20
	@$(PY) tests/proofs peers

faults: $(STAMP) system  ## the fault matrix: local, served, Ray; 20 trials a row; goes on where it stopped
	@$(PY) tests/proofs faults --tries 20 --processes 4

train-check: $(STAMP)  ## learners against cloning on four worlds, 3 seeds; ends with 1 if a claim fails
	@$(PY) tests/proofs learners
	@$(PY) tests/proofs learners-a1
	@$(PY) tests/proofs learners-cheetah
	@$(PY) tests/proofs learners-kitchen --seeds 5

# A claim that fails does not keep the rest from being tried. READER=FOLDER is a frozen text encoder.
results: $(STAMP)  ## agents that learn on two cores, 3 seeds; ends with 1 if a claim fails
	@failed=0; try() { $(PY) "$$@" || failed=1; }; gea() { \
		try tests/proofs/generalist.py "$$@" --out runs/results/gea-mini; }; \
	for proof in ppo-babyai bc-metaworld sac-metaworld ppo-procgen; do \
		try tests/proofs results-$$proof --out runs/results; done; \
	gea demonstrate; gea measure; \
	for seed in 0 1 2; do for part in cloning practice dialects; do \
		gea $$part --seed $$seed; done; done; gea table; \
	try tests/proofs/tidying.py --out runs/results/llarp-mini $(if $(READER),--reader $(READER)); \
	exit $$failed

validate-socialnav: $(STAMP)  ## social navigation: protocols beside known numbers, and every card
	@$(PY) tests/proofs socialnav
	@$(PY) tests/proofs socialnav-cards --episodes 540

validate-a1: $(STAMP)  ## the A1's expert and random play on every task, 15 min
	@$(PY) tests/proofs a1 --episodes 20

validate-widowx: $(STAMP)  ## the WidowX's expert, its tiers of data and random play, 20 min
	@$(PY) tests/proofs widowx --episodes 100

validate-miniwob: $(STAMP)  ## MiniWoB beside upstream's client, which needs chromedriver, 1 h
	@$(PY) tests/proofs miniwob --seeds 2
	@$(PY) tests/proofs miniwob-oracles --seeds 20
	@$(PY) tests/proofs miniwob-soak --episodes 2000
	@$(PY) tests/proofs miniwob-leftovers --seeds 2

schema: $(STAMP)  ## write the JSON Schemas in leaderboard/schema again
	@$(PY) -m polyathlon.leaderboard.contracts

venv: $(STAMP)  ## only the virtual environment

system: $(STAMP)
	@sh requirements/system.sh "$(PY)"

$(STAMP): setup.cfg pyproject.toml $(CONSTRAINTS)
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "polyathlon needs Python 3.11 or newer, which '$(or $(PYTHON),python3)' is not;" \
			"type: make $(or $(firstword $(MAKECMDGOALS)),demo) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "environment: $(VENV), with $$("$(PYTHON)" -V)"
	@test -x "$(PY)" || "$(PYTHON)" -m venv "$(VENV)" >/dev/null || { \
		rm -f "$(PY)"; \
		echo "'$(PYTHON)' cannot make virtual environments;" \
			"on Debian and Ubuntu type: apt-get install -y python3-venv"; exit 1; }
	@echo "packages: installing those of $(CONSTRAINTS)"
	@$(PIP) install -c $(CONSTRAINTS) torch==2.13.0  # first and alone: see requirements/
	@$(PIP) install -c $(CONSTRAINTS) -e ".[all,adapters,lm,data,online,ray,dev]"
	@touch "$@"

$(BENCH_STAMP): $(STAMP)
	@echo "packages: installing what the comparison needs"
	@$(PIP) install -c $(CONSTRAINTS) -e ".[bench]"
	@touch "$@"

clean:  ## remove what was built; runs stay
	@rm -rf build dist typings *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
