#!/usr/bin/env bash
# Install what is needed, and nothing twice: bootstrap.sh [python] [node] [pages] [browser] …
# Each part leaves a stamp of the contents it was made from, so a warm run takes a moment.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .tools

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Two `make` at once must not install over each other.
exec 9>.tools/lock
if command -v flock >/dev/null; then flock 9; fi

python_on_path() {
  local name
  for name in python3.11 python3.12 python3 python3.13 python3.14; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "Python 3.11 or newer is needed; on Debian: apt-get install python3 python3-venv"
}

# pip into a private folder: works without root, without ensurepip, beside a managed Python.
install_uv() {
  local python
  python="$(python_on_path)"
  say "installing uv into .tools/uv"
  if "$python" -m venv .tools/uv >/dev/null 2>&1; then
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv && return
  fi
  rm -rf .tools/uv
  if "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet --disable-pip-version-check --target .tools/uv uv && return
  fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing python3-venv"
    apt-get install -y -qq python3-venv >/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
    "$python" -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet uv && return
  fi
  fail "neither uv, venv nor pip works here; on Debian: apt-get install python3-venv"
}

uv_command() {
  # A shim of a version manager may stand on PATH and yet not run.
  if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then echo uv; return; fi
  [ -x .tools/uv/bin/uv ] || install_uv
  echo .tools/uv/bin/uv
}

setup_python() {
  local stamp uv
  stamp="$(cat pyproject.toml uv.lock | sha256sum | cut -c1-32)"
  if [ -x .venv/bin/chorus ] && [ "$(cat .venv/.stamp 2>/dev/null)" = "$stamp" ]; then return; fi
  uv="$(uv_command)"
  say "installing Python packages"
  local python
  python="$(python_on_path)"
  # The second try is for networks whose own certificate authority only the system knows.
  "$uv" sync --frozen --quiet --compile-bytecode --python "$python" 2>.tools/uv.log ||
    UV_NATIVE_TLS=true UV_SYSTEM_CERTS=true "$uv" sync --frozen --quiet --compile-bytecode --python "$python" 2>>.tools/uv.log ||
    { cat .tools/uv.log >&2; fail "the Python packages could not be installed"; }
  echo "$stamp" >.venv/.stamp
}

have_node() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)'
}

setup_node() {
  local stamp
  have_node || fail "Node 20 or newer with npm is needed; on Debian 13: apt-get install nodejs npm"
  stamp="$(cat package-lock.json package.json ./*/package.json | sha256sum | cut -c1-32)-$(node --version)"
  if [ "$(cat node_modules/.stamp 2>/dev/null)" = "$stamp" ]; then return; fi
  say "installing npm packages"
  npm ci --no-progress >.tools/npm.log 2>&1 || { tail -n 30 .tools/npm.log >&2; fail "the npm packages could not be installed"; }
  echo "$stamp" >node_modules/.stamp
}

page_sources() {
  find sdk webchat webchat-react console docs/wire.schema.json vite.pages.ts package.json package-lock.json tsconfig.base.json \
    \( -name node_modules -o -name dist -o -name test \) -prune -o -type f -print0 | sort -z
}

setup_pages() {
  local stamp
  stamp="$(page_sources | xargs -0 sha256sum | sha256sum | cut -c1-32)"
  if [ -d dist/pages ] && [ "$(cat dist/.stamp 2>/dev/null)" = "$stamp" ]; then return; fi
  if ! have_node; then
    say "no Node 20 or newer here: the pages are not built, everything else runs"
    return
  fi
  setup_node
  say "building the pages"
  npm run --silent build >.tools/build.log 2>&1 || { cat .tools/build.log >&2; fail "the pages do not build"; }
  echo "$stamp" >dist/.stamp
}

setup_browser() {
  tools/chromium.sh >/dev/null
  tools/chromium.sh whole >/dev/null
}

for part in "$@"; do
  case "$part" in
    python | node | pages | browser) "setup_$part" ;;
    *) fail "no such part: $part" ;;
  esac
done
