#!/usr/bin/env bash
# One night: run, compare, confirm, tell. For cron, or as a step of a CI service.
#
#   SUITE=quick NIGHTLY=/data/nightly tools/nightly/night.sh [options of `tbench nightly`]
#
# Exit code: that of `tbench nightly` (0 fine, 1 something got worse, 2 could not tell), or 3 when
# the night before is still at work. NOTIFY is a command that gets the summary on standard input
# whenever the outcome is not 0, as in NOTIFY='mail -s "nightly" team@example.org'.
set -uo pipefail

suite=${SUITE:?set SUITE to the name or file of a suite}
nightly=${NIGHTLY:?set NIGHTLY to the folder of nights, history and baseline}
night=${NIGHT:-$(date -u +%F)}
mkdir -p "$nightly"

exec 9>"$nightly/.night.lock"
if ! flock --nonblock 9; then
  echo "night.sh: the night before is still at work" >&2
  exit 3
fi

# what runs below inherits neither the lock nor its file
tbench nightly --suite "$suite" --out "$nightly" --night "$night" "$@" 9>&-
outcome=$?

summary="$nightly/nights/$night/summary.txt"
if [ "$outcome" -ne 0 ] && [ -n "${NOTIFY:-}" ]; then
  { [ -f "$summary" ] && cat "$summary" || echo "$suite, $night: no comparison, see the log"; } |
    bash -c "$NOTIFY"
fi
exit "$outcome"
