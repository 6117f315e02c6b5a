#!/usr/bin/env bash
# Prints the path of a Chromium for `npm run test:browser`. Where there is none: Debian's, as root;
# else the one that Playwright downloads.
set -euo pipefail
cd "$(dirname "$0")/.."

found() {
  if [ -n "${SEGCANARY_CHROMIUM:-}" ]; then
    [ -x "$SEGCANARY_CHROMIUM" ] && echo "$SEGCANARY_CHROMIUM"
    return
  fi
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" && return
  done
  local own
  own=$(node -p "require('playwright').chromium.executablePath()" 2>/dev/null) && [ -x "$own" ] && echo "$own"
}

found && exit
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; } >&2 || true
else
  npx playwright install chromium >&2 || true
fi
found && exit
echo 'No Chromium: none is installed, and none could be. Install one, or name one in SEGCANARY_CHROMIUM, and run this again.' >&2
exit 1
