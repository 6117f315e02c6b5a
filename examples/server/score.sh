#!/usr/bin/env bash
# Scores scans with curl: a line of JSON each, and exit 1 where one failed.
#
#     segcanary serve -d detector/ &
#     examples/server/score.sh scan.nii.gz other.nii.gz
#
# SEGCANARY_URL and SEGCANARY_TOKEN name another server and its token.
set -euo pipefail
url=${SEGCANARY_URL:-http://127.0.0.1:8470}
# Through a file descriptor, because other users of the machine see arguments.
auth() { if [ -n "${SEGCANARY_TOKEN:-}" ]; then printf 'header = "Authorization: Bearer %s"\n' "$SEGCANARY_TOKEN"; fi; }

failed=0
for scan in "$@"; do
  name=$(basename "$scan")
  # --fail-with-body prints the server's sentence too; --retry comes again after 429, when its
  # Retry-After says.
  curl --silent --show-error --fail-with-body --retry 60 --config <(auth) \
    -H 'Content-Type: application/octet-stream' -T "$scan" -X POST \
    --url-query "case=${name%%.nii*}" "$url/v1/scans" || failed=1
done
exit "$failed"
