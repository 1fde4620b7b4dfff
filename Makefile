# `make` alone prints this file's targets. `make up` and `make test` set up all they need.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
# With it, each of our many processes would compile every library again: 3 s of CPU a start.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
DATA ?= .chorus
# Most tests wait for servers of their own, so two cores carry three at once.
WORKERS ?= 3
# Pure decisions: every line of them is run by a test.
CORES := chorus/ids.py,chorus/clock.py,chorus/codes.py,chorus/errors.py,chorus/topics.py,chorus/ingest.py,chorus/wire/*,gateway/protocol.py,gateway/phase.py,gateway/gates.py,gateway/effects.py,gateway/nonce.py,gateway/pending.py,gateway/room.py,gateway/rules.py,gateway/admission.py,gateway/allowance.py,gateway/lean.py,chat_service/intake.py,chat_service/intake_facts.py,chat_service/intake_sessions.py,chat_service/sessions.py,chat_service/session_facts.py,chat_service/session_moves.py,chat_service/session_records.py,chat_service/session_transfers.py,chat_service/session_waits.py,chat_service/routing.py,chat_service/routing_round.py,chat_service/routing_exits.py,chat_service/routing_facts.py,chat_service/routing_plan.py,chat_service/deferred_pages.py,chat_service/hours.py,chat_service/eta.py,chat_service/report_figures.py,chat_service/queue_choice.py,chat_service/deferral.py,chat_service/idleness.py,chat_service/asleep.py,chat_service/entries.py,chat_service/handoff_words.py,chat_service/taken.py,launch/reconnect.py,presence/tracker.py,launch/backoff.py,launch/client_core.py,ai/contracts.py,ai/extract/*,chat_service/digest.py,evals/summaries.py,ai/knowledge/clean.py,ai/knowledge/chunk.py,ai/knowledge/features.py,ai/knowledge/embed.py,ai/knowledge/rank.py,evals/knowledge.py,evals/bot_score.py,ai/guards/*,ai/intent/*,ai/traits/*,ai/models/breaker.py,ai/models/keys.py,ai/models/plan.py,ai/models/spending.py,ai/prompts/load.py,ai/summarise/lines.py,ai/summarise/transcript.py,bot/policy.py,bot/features.py,bot/talk.py,bot/quoting.py,bot/replies.py

##@ Run

.PHONY: up
up: ## Start everything and show the way in (PORT, DATA, HOST, EDGES). Ctrl-C stops it
	@tools/bootstrap.sh python pages
	exec .venv/bin/chorus up --data "$(DATA)" $(if $(PORT),--port $(PORT)) $(if $(HOST),--host $(HOST)) $(if $(EDGES),--edges $(EDGES))

.PHONY: down
down: ## Stop what `make up` started; the data stays
	@.venv/bin/chorus down --data "$(DATA)"

.PHONY: logs
logs: ## Follow the logs of all processes, or of one: make logs SERVICE=writer
	@tail -n 50 -F "$(DATA)"/logs/$(or $(SERVICE),*).log

.PHONY: doctor
doctor: ## Look for the usual causes of trouble, each with its fix
	@tools/bootstrap.sh python
	.venv/bin/chorus doctor --data "$(DATA)"

.PHONY: reset
reset: ## Stop, and throw the data of this installation away
	@[ -x .venv/bin/chorus ] && .venv/bin/chorus down --data "$(DATA)" || true
	rm -rf -- "$$(readlink -f "$(DATA)/postgres" 2>/dev/null || echo "$(DATA)/postgres")" "$(DATA)"

##@ Work on it

.PHONY: setup
setup: ## Install what tests and checks need (others do it by themselves)
	@tools/bootstrap.sh python node pages browser

.PHONY: gen
gen: ## Write everything generated: TypeScript types, schema, tables in docs, .env.example
	@tools/bootstrap.sh python
	$(PY) tools/gen.py

.PHONY: format
format: ## Format Python and TypeScript
	@tools/bootstrap.sh python node
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format .
	npm run --silent format

.PHONY: check
check: ## All fast checks of CI, in order of speed
	@tools/bootstrap.sh python node
	tools/check.sh

##@ Test

.PHONY: test
test: ## All tests with coverage, or one path: make test T=tests/chorus
	@tools/bootstrap.sh python node pages browser
	export CHROMIUM="$$(tools/chromium.sh)"
	if [ -n "$(T)" ]; then exec .venv/bin/pytest -m "not long and not live" $(T); fi
	rm -f .coverage .coverage.*
	.venv/bin/pytest -n $(WORKERS) --cov --cov-report=term
	.venv/bin/coverage report --include='$(CORES)' --fail-under=100 --show-missing
	npm test --silent
	.venv/bin/pytest -m alone tests/browser

.PHONY: test-long
test-long: ## The same with the full counts of schedules and kills, and the budgets last
	@tools/bootstrap.sh python node pages browser
	export CHROMIUM="$$(tools/chromium.sh)"
	export CHORUS_SCHEDULES=200 CHORUS_BOT_SCHEDULES=1000 CHORUS_ORDER_SCHEDULES=2000 CHORUS_KILLS=24 CHORUS_KILL_CONVERSATIONS=6 CHORUS_HANDOFF_SCHEDULES=50 CHORUS_LONG=1
	mkdir -p reports
	rm -f reports/budgets.md
	status=0
	.venv/bin/pytest -m "not live and not alone" -n $(WORKERS) --timeout 3600 --junit-xml=reports/test-long.xml || status=$$?
	.venv/bin/pytest -m alone tests/browser || status=$$?
	$(PY) -m load.bench_budgets --report reports/budgets.md || status=$$?
	$(PY) tools/long_report.py reports/test-long.xml reports/budgets.md docs/test-long.md
	exit $$status

.PHONY: test-live
test-live: ## Ask real providers of models, each whose key is set: OPENAI_API_KEY=… make test-live
	@tools/bootstrap.sh python
	.venv/bin/pytest -m live tests/bot/test_providers.py

.PHONY: e2e
e2e: ## The browser tests alone
	@tools/bootstrap.sh python node pages browser
	CHROMIUM="$$(tools/chromium.sh)" .venv/bin/pytest -m browser

.PHONY: demo-video
demo-video: ## Film a customer, a bot and an agent in real windows: artefacts/demo.webm
	@tools/bootstrap.sh python node pages browser
	CHROMIUM="$$(tools/chromium.sh whole)" $(PY) -m tools.demo_video

.PHONY: fresh-clone
fresh-clone: ## Clone into an empty folder with an empty HOME; make up, make down, make test there
	@tools/fresh_clone.sh

##@ Measure

.PHONY: bench
bench: ## Cost per frame, messages end to end, broadcast, RTT, KiB per socket, handoff, kills, rows a second
	@tools/bootstrap.sh python
	$(PY) -m load.bench
	$(PY) -m load.bench_writer

.PHONY: budgets
budgets: ## Hold what readers, agents and customers wait for against load/slo.json; one part: make budgets ONLY=bot
	@tools/bootstrap.sh python
	$(PY) -m load.bench_budgets $(if $(ONLY),--only $(ONLY))

.PHONY: bench-console
bench-console: ## What the console costs a browser: first load, a list of 5,000, a thread of 10,000
	@tools/bootstrap.sh python node pages browser
	CHROMIUM="$$(tools/chromium.sh whole)" $(PY) -m load.bench_console

.PHONY: eval
eval: ## Hold summaries, knowledge, bot, handoffs, intents and traits against their gates and the committed figures
	@tools/bootstrap.sh python
	.venv/bin/chorus eval summaries
	.venv/bin/chorus eval knowledge
	.venv/bin/chorus eval bot
	.venv/bin/chorus eval handoff
	.venv/bin/chorus eval intent
	.venv/bin/chorus eval traits

.PHONY: load
load: ## Load on what `make up` started
	@tools/bootstrap.sh python
	$(PY) -m load.bench rtt --data "$(DATA)" --sockets 500 --rate 200

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	echo
