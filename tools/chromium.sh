#!/usr/bin/env bash
# Print the path of a Chromium for the browser tests: the one named by CHROMIUM, one on PATH, one
# fetched before, or Debian's packages (as root installed, else unpacked into .tools). A headless
# shell is preferred, since a whole browser draws windows of its own for each of ours, at twice the
# CPU; `chromium.sh whole` asks for a browser with profiles and their settings.
set -euo pipefail
cd "$(dirname "$0")/.."
private=.tools/chromium
shell=chromium-headless-shell
whole=(chromium chromium-browser google-chrome google-chrome-stable)
wanted=("$shell" "${whole[@]}")
if [ "${1:-}" = whole ]; then wanted=("${whole[@]}"); fi

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() { printf 'browser: %s\n' "$*" >&2; exit 1; }

named() {
  [ -n "${CHROMIUM:-}" ] || return 1
  [ "${wanted[0]}" = "$shell" ] || [[ "$CHROMIUM" != *headless* ]]
}

found() {
  if named; then
    [ -x "$CHROMIUM" ] || fail "CHROMIUM names $CHROMIUM, which cannot be run"
    echo "$CHROMIUM"
    return
  fi
  local name
  for name in "${wanted[@]}"; do
    command -v "$name" && return
    if [ -x "$private/$name" ]; then
      echo "$PWD/$private/$name"
      return
    fi
  done
}

# As a normal user: the packages and what they need, unpacked without being installed.
unpack() {
  local names
  names="$(apt-get -s -qq -o Debug::NoLocking=1 install --no-install-recommends "$@" 2>/dev/null |
    awk '/^Inst/ {print $2}')"
  [ -n "$names" ] || return 1
  mkdir -p "$private/debs" "$private/root"
  # shellcheck disable=SC2086 # one word a package
  (cd "$private/debs" && apt-get download -qq $names >/dev/null) || return 1
  local deb name
  for deb in "$private"/debs/*.deb; do dpkg -x "$deb" "$private/root"; done
  rm -rf "$private/debs"
  for name in "$@"; do wrap "$name"; done
}

wrap() {
  cat >"$private/$1" <<EOF
#!/bin/sh
root="$PWD/$private/root"
export LD_LIBRARY_PATH="\$(echo "\$root"/usr/lib/*-linux-gnu | tr ' ' ':'):\$(echo "\$root"/lib/*-linux-gnu | tr ' ' ':')"
exec "\$root/usr/lib/chromium/$1" "\$@"
EOF
  chmod +x "$private/$1"
}

install() {
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

# Not every distribution has the shell.
fetch() {
  if [ "$(id -u)" != 0 ]; then
    unpack "$shell" chromium || unpack chromium
    return
  fi
  install "$shell" chromium || { apt-get update -qq && install "$shell" chromium; } || install chromium
}

path="$(found || true)"
if [ -z "$path" ] && command -v apt-get >/dev/null; then
  say "fetching Chromium for the browser tests"
  fetch || true
  path="$(found || true)"
fi
[ -n "$path" ] || fail "no Chromium here. Install one (Debian: apt-get install chromium) or name it: CHROMIUM=/path make test"
echo "$path"
