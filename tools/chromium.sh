#!/usr/bin/env bash
# Print the path of a Chromium for the browser tests: the one named by CHROMIUM, one on PATH, one
# fetched before, or Debian's package (as root installed, else unpacked into .tools).
set -euo pipefail
cd "$(dirname "$0")/.."
private=.tools/chromium

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() { printf 'browser: %s\n' "$*" >&2; exit 1; }

found() {
  if [ -n "${CHROMIUM:-}" ]; then
    [ -x "$CHROMIUM" ] || fail "CHROMIUM names $CHROMIUM, which cannot be run"
    echo "$CHROMIUM"
    return
  fi
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return
  done
  [ -x "$private/chromium" ] && echo "$PWD/$private/chromium"
}

# As a normal user: the package and what it needs, unpacked without being installed.
unpack() {
  local names
  names="$(apt-get -s -qq -o Debug::NoLocking=1 install --no-install-recommends chromium 2>/dev/null |
    awk '/^Inst/ {print $2}')"
  [ -n "$names" ] || return 1
  mkdir -p "$private/debs" "$private/root"
  # shellcheck disable=SC2086 # one word a package
  (cd "$private/debs" && apt-get download -qq $names >/dev/null) || return 1
  local deb
  for deb in "$private"/debs/*.deb; do dpkg -x "$deb" "$private/root"; done
  rm -rf "$private/debs"
  cat >"$private/chromium" <<EOF
#!/bin/sh
root="$PWD/$private/root"
export LD_LIBRARY_PATH="\$(echo "\$root"/usr/lib/*-linux-gnu | tr ' ' ':'):\$(echo "\$root"/lib/*-linux-gnu | tr ' ' ':')"
exec "\$root/usr/lib/chromium/chromium" "\$@"
EOF
  chmod +x "$private/chromium"
}

path="$(found || true)"
if [ -z "$path" ] && command -v apt-get >/dev/null; then
  say "fetching Chromium for the browser tests"
  if [ "$(id -u)" = 0 ]; then
    apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 ||
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; } || true
  else
    unpack || true
  fi
  path="$(found || true)"
fi
[ -n "$path" ] || fail "no Chromium here. Install one (Debian: apt-get install chromium) or name it: CHROMIUM=/path make test"
echo "$path"
