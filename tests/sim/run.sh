#!/usr/bin/env bash
# Simulates many seeds with an optimised build, as many at once as there are processors. Stops at the first that is
# violated, and says how to replay it. Usage: tests/sim/run.sh [SEEDS (1000000)] [FIRST (1)]
# A hundred thousand took four minutes of one processor.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

seeds=${1:-1000000}
first=${2:-1}
jobs=${WEIR_JOBS:-$(nproc)}
for number in "$seeds" "$first" "$jobs"; do
  case $number in
    '' | 0 | *[!0-9]*)
      echo "tests/sim/run.sh: '$number' is no positive number" >&2
      exit 2
      ;;
  esac
done

deploy/packages.sh test
mkdir -p build
cmake -S . -B build/sim -G Ninja -DCMAKE_BUILD_TYPE=Release -DWEIR_UNITY=ON >build/sim.configure.log
cmake --build build/sim -j "$jobs" --target weir-sim >build/sim.build.log || { tail -n 40 build/sim.build.log; exit 1; }

share=$(((seeds + jobs - 1) / jobs))
running=()
for ((i = 0; i < jobs; ++i)); do
  build/sim/tests/sim/weir-sim --seed $((first + i * share)) --count "$share" >"build/sim.$i.log" 2>&1 &
  running+=($!)
done
failed=0
for pid in "${running[@]}"; do
  wait "$pid" || failed=1
done
for ((i = 0; i < jobs; ++i)); do
  grep -E "^(seed|replay:) |violated" "build/sim.$i.log" || tail -n 5 "build/sim.$i.log"
done
exit $failed
