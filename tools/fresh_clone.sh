#!/usr/bin/env bash
# The promise of the README on an empty machine: clone into an empty folder that only we may read,
# with an empty HOME; `make up` comes up, `make down` leaves nothing behind, `make test` passes.
set -euo pipefail
cd "$(dirname "$0")/.."
source="$PWD"
place="$(mktemp -d "${TMPDIR:-/tmp}/chorus-fresh.XXXXXX")"
chmod 0700 "$place"
mkdir -m 0700 "$place/home"
export HOME="$place/home"
unset VIRTUAL_ENV PYTHONPATH DATABASE_URL REDIS_URL PORT DATA

up_pid=""
finish() {
  local status=$?
  if [ -n "$up_pid" ] && kill -0 "$up_pid" 2>/dev/null; then kill -TERM "$up_pid"; wait "$up_pid" || true; fi
  if [ "$status" = 0 ]; then rm -rf "$place"; else echo "fresh-clone: failed; look at $place" >&2; fi
}
trap finish EXIT

step() { printf '\n\033[1m── %s (%ss)\033[0m\n' "$*" "$SECONDS"; }

step "clone"
git clone --quiet --no-hardlinks "$source" "$place/chorus"
cd "$place/chorus"

step "make up"
make --no-print-directory up >"$place/up.log" 2>&1 &
up_pid=$!
run_file=.chorus/run.json
base=""
for _ in $(seq 600); do
  if ! kill -0 "$up_pid" 2>/dev/null; then cat "$place/up.log"; echo "make up ended" >&2; exit 1; fi
  if [ -s "$run_file" ]; then
    base="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["urls"]["base"])' "$run_file")"
    if python3 - "$base/readyz" <<'PY' 2>/dev/null
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5)
PY
    then break; fi
  fi
  sleep 1
done
[ -n "$base" ] || { cat "$place/up.log"; echo "make up was not ready after 600 s" >&2; exit 1; }
step "ready at $base"

for path in /demo /console /docs /metrics; do
  python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10)' "$base$path" ||
    { echo "$base$path does not answer" >&2; exit 1; }
done

mapfile -t pids < <(python3 - "$run_file" <<'PY'
import json, sys
for value in json.load(open(sys.argv[1]))["pids"].values():
    print(*(value if isinstance(value, list) else [value]), sep="\n")
PY
)
step "make down"
make --no-print-directory down
wait "$up_pid" || true
up_pid=""
for pid in "${pids[@]}"; do
  if kill -0 "$pid" 2>/dev/null; then echo "process $pid is left behind" >&2; exit 1; fi
done

step "make test"
make --no-print-directory test

step "done"
