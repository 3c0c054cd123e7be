#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME. Minimising is bounded: by default it eats
# the time of the search.
set -uo pipefail
time=${FUZZTIME:-30s}
failed=0
for pkg in $(go list ./internal/...); do
  for target in $(go test -list '^Fuzz' "$pkg" 2>/dev/null | grep '^Fuzz'); do
    out=$(go test "$pkg" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 50x -parallel 2 2>&1)
    if [ $? -eq 0 ]; then
      printf 'ok    %-60s %s\n' "${pkg##*/internal/} $target" "$(echo "$out" | grep -o 'execs: [0-9]*' | tail -1)"
    else
      printf 'FAIL  %s %s\n%s\n' "${pkg##*/internal/}" "$target" "$out"
      failed=1
    fi
  done
done
exit $failed
