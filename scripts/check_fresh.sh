#!/usr/bin/env bash
# Fails if a committed result is not what the committed data and code give.
# Rebuilds every data stage and compares byte for byte; the training stages, which take minutes, are checked against dvc.lock.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" DVC_NO_ANALYTICS=1
dvc repro --single-item --force check curriculum benchmark synthesize >/dev/null
dvc repro guard >/dev/null
stale=$(git status --porcelain -- dvc.lock benchmarks samples knowledge)
if [ -n "$stale" ]; then
  printf 'Committed results are stale. Run `make repro` and commit:\n%s\n' "$stale" >&2
  git --no-pager diff --stat -- dvc.lock benchmarks samples knowledge >&2
  exit 1
fi
pending=$(dvc repro --dry --allow-missing 2>/dev/null | grep -c '^Running stage' || true)
if [ "$pending" -ne 0 ]; then
  echo "dvc.lock is stale: $pending stages would run. Run \`make repro\` and commit:" >&2
  dvc repro --dry --allow-missing >&2
  exit 1
fi
echo "Every committed result is what the committed data and code give."
