#!/usr/bin/env bash
# All checks that take seconds, in order of speed. Runs them all, then fails with the list of those that failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

run() {
  local name="$1"
  shift
  printf '\n\033[1m── %s\033[0m\n' "$name"
  "$@" </dev/null || failed+=("$name")
}

run "ruff" .venv/bin/ruff check .
run "ruff format" .venv/bin/ruff format --check .
run "import-linter" .venv/bin/lint-imports
run "generated files" .venv/bin/python tools/gen.py --check
run "mypy" .venv/bin/mypy
run "biome" npm run --silent lint
run "tsc" npm run --silent types
run "sizes" .venv/bin/python tools/sizes.py

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nfailed: %s\n' "${failed[*]}"
  exit 1
fi
printf '\nall checks passed\n'
