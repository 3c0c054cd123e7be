#!/usr/bin/env bash
# Installs a pinned Go tool into a folder, with retries: a registry may be slow.
set -euo pipefail
tool=$1 dir=$2
mkdir -p "$dir"
for try in 1 2 3; do
  if CGO_ENABLED=0 GOBIN=$dir GOFLAGS= go install "$tool" >"$dir/install.log" 2>&1; then exit 0; fi
  sleep $((try * 5))
done
cat "$dir/install.log" >&2
echo "couldn't install $tool" >&2
exit 1
