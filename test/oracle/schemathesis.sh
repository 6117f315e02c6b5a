#!/usr/bin/env bash
# Asks a running server everything that its OpenAPI document allows, and much that it does not, with
# schemathesis:
#
#     pip install schemathesis==4.32.5
#     npm run build && test/oracle/schemathesis.sh DETECTOR [SECONDS]
#
# One check is left out: that a body which fits the schema is taken. "Binary" is all that OpenAPI
# can say of a scan, and random bytes are none (422).
set -euo pipefail
cd "$(dirname "$0")/../.."

token=$(head -c 24 /dev/urandom | base64 | tr -d '+/=')
address=$(mktemp)
SEGCANARY_TOKEN=$token node dist/cli/main.js serve -d "$1" --port 0 -q > "$address" &
server=$!
trap 'kill $server; rm -f "$address"' EXIT
until [ -s "$address" ]; do sleep 0.2; done

st run "$(cat "$address")/openapi.json" -H "Authorization: Bearer $token" --checks all --exclude-checks positive_data_acceptance \
  --max-time "${2:-300}" --seed 1 --continue-on-failure
