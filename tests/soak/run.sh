#!/usr/bin/env bash
# Takes a running job through minutes of killed processes and checks that it counted exactly (soak.py).
# Usage: tests/soak/run.sh [--minutes M] [--seed N] [--backend heap|rocksdb]; runs on the installation in build/dist, or $WEIR_DIST.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
exec python3 soak.py "$@"
