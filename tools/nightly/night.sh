#!/usr/bin/env bash
# One night: run, compare, confirm, tell. For cron, or as a step of a CI service.
#
#   SUITE=quick NIGHTLY=/data/nightly tools/nightly/night.sh [options of `tbench nightly`]
#
# Exit code: that of `tbench nightly` (0 fine, 1 something got worse, 2 could not tell, 143 or 99
# stopped by a signal), or 3 when the night before is still at work. NOTIFY is a command that gets the summary on standard input
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
tbench nightly --suite "$suite" --out "$nightly" --night "$night" "$@" 9>&- &
running=$!
# it keeps checkpoints and ends; the same command continues the night
for signal in TERM HUP USR1; do
  trap 'kill -'"$signal"' "$running" 2>/dev/null' "$signal"
done
wait "$running"
outcome=$?
while kill -0 "$running" 2>/dev/null; do # a trap ends the first wait
  wait "$running"
  outcome=$?
done
if [ "$outcome" -eq 143 ] || [ "$outcome" -eq 99 ]; then
  echo "night.sh: stopped; the night goes on when it is started again with NIGHT=$night" >&2
  exit "$outcome"
fi

summary="$nightly/nights/$night/summary.txt"
if [ "$outcome" -ne 0 ] && [ -n "${NOTIFY:-}" ]; then
  { [ -f "$summary" ] && cat "$summary" || echo "$suite, $night: no comparison, see the log"; } |
    bash -c "$NOTIFY"
fi
exit "$outcome"
