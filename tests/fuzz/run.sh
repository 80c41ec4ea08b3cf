#!/usr/bin/env bash
# Fuzzes every decoder with libFuzzer under the address and undefined-behaviour sanitizers, from valid images.
# Usage: tests/fuzz/run.sh [SECONDS] [TARGET...]: SECONDS (default 60) for each target (default: all of them).
# They begin with the inputs that tests/fuzz/corpus keeps; what is new, and what crashes, stays in build/fuzz/corpus and
# build/fuzz/crashes until tests/fuzz/keep.sh keeps it. WEIR_JOBS bounds compilations.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

seconds=${1:-60}
shift || true
case $seconds in
  '' | *[!0-9]*)
    echo "tests/fuzz/run.sh: '$seconds' is no number of seconds" >&2
    exit 2
    ;;
esac
build=$PWD/build/fuzz
jobs=${WEIR_JOBS:-$(nproc)}

deploy/packages.sh test
missing=()
for package in clang-19 libclang-rt-19-dev; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "Installing ${missing[*]}" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
    install -y --no-install-recommends "${missing[@]}" >&2
fi

folders="common/base;common/config;common/telemetry;common/concurrency;common/fs;common/rpc;common/schema"
folders+=";common/graph;common/runtime;common/record;common/state;proto;common/wire;common/rocksdb;common/snapshot"
folders+=";common/daemon;jobmanager/ha;jobmanager/ha/journal"
mkdir -p "$build/corpus" "$build/crashes"
cmake -S . -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWEIR_FOLDERS="$folders" -DWEIR_FUZZ=ON \
  -DWEIR_SANITIZE=fuzzer-no-link,address,undefined >"$build/configure.log" ||
  { cat "$build/configure.log"; exit 1; }
cmake --build "$build" -j "$jobs" --target fuzz >"$build/build.log" ||
  { grep -E "error|FAILED" -A3 "$build/build.log" | head -n 60; exit 1; }

if [ $# -gt 0 ]; then
  targets=("$@")
else
  targets=()
  for program in "$build"/tests/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] && targets+=("$(basename "$program" | sed 's/^fuzz_//')")
  done
fi

export UBSAN_OPTIONS=print_stacktrace=1
passed=0
failed=()
for target in "${targets[@]}"; do
  program=$build/tests/fuzz/fuzz_$target
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  [ ! -e "tests/fuzz/corpus/$target.tar.xz" ] || tar -xJf "tests/fuzz/corpus/$target.tar.xz" -C "$corpus"
  log=$build/$target.log
  # Leaks are found by the short form: libFuzzer would look after every input where a library keeps memory (yaml-cpp).
  if WEIR_FUZZ_WRITE_SEEDS=$corpus "$program" >"$log" 2>&1 &&
    "$program" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=512 -detect_leaks=0 \
      -artifact_prefix="$build/crashes/$target-" -print_final_stats=1 "$corpus" >>"$log" 2>&1; then
    passed=$((passed + 1))
    echo "== $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
  else
    failed+=("$target")
    echo "== $target: FAILED"
    tail -n 60 "$log"
  fi
done

for target in "${failed[@]}"; do
  echo "FAILED: $target; its log is $build/$target.log, its inputs are $build/crashes/$target-*"
done
echo "fuzz targets: $passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
