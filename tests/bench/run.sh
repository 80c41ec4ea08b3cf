#!/usr/bin/env bash
# Builds a release and runs the benchmark workloads on real daemons. Usage: tests/bench/run.sh [OPTIONS] [WORKLOAD...]; see README.md.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

deploy/packages.sh build
cmake --preset release -DWEIR_BENCH=ON >/dev/null
cmake --build --preset release -j "${WEIR_JOBS:-$(nproc)}" >&2
cmake --install build/release --prefix "$PWD/build/dist" >/dev/null
exec python3 tests/bench/bench.py "$@"
