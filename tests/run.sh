#!/usr/bin/env bash
# Sets everything up and passes the tests: packages, checks of form, builds, unit, integration, simulation and
# end-to-end tests, hostile peers. Usage: tests/run.sh [STAGE...]; stages: form asan services tsan release e2e hostile tidy
# (default: all of them).
# WEIR_JOBS bounds parallel compilations.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(form asan services tsan release e2e hostile tidy)
jobs=${WEIR_JOBS:-$(nproc)}
passed=0
failed=()
slow=()

deploy/packages.sh test

step() { # step BUDGET NAME COMMAND...; BUDGET: seconds that it may take from nothing on two cores, see README.md
  local budget=$1 name=$2 start=$SECONDS took
  shift 2
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
    took=$((SECONDS - start))
    echo "== $name: passed in $took s of $budget"
    [ $took -le "$budget" ] || slow+=("$name took $took s, more than its $budget")
  else
    failed+=("$name")
    echo "== $name: FAILED after $((SECONDS - start)) s"
  fi
}

build() { # build PRESET [TARGET...]
  local preset=$1
  shift
  cmake --preset "$preset" >build/"$preset".configure.log 2>&1 || { cat build/"$preset".configure.log; return 1; }
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} >build/"$preset".build.log 2>&1 ||
    { grep -E "error|FAILED|warning" -A3 build/"$preset".build.log | head -n 60; return 1; }
}

run_ctest() { # run_ctest PRESET [ARGS...]
  local preset=$1
  shift
  ctest --test-dir build/"$preset" --output-on-failure -j "$jobs" --timeout 300 "$@" >build/"$preset".test.log 2>&1 ||
    { tail -n 80 build/"$preset".test.log; return 1; }
  tail -n 4 build/"$preset".test.log
}

format_check() {
  local files
  mapfile -t files < <(git ls-files '*.h' '*.cc')
  clang-format-19 --dry-run -Werror "${files[@]}"
}

install_release() {
  rm -rf build/dist && cmake --install build/release --prefix "$PWD/build/dist" >build/install.log
}

mkdir -p build
export WEIR_CRASH_LOG=$PWD/build/crash-points.log
: >"$WEIR_CRASH_LOG"
# Another checkout of the same sources finds what this one compiled.
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$PWD
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:halt_on_error=1"

for stage in "${stages[@]}"; do
  case $stage in
    form)
      step 20 "format" format_check
      step 10 "includes" tests/check_includes.py
      step 10 "sizes" tests/check_sizes.py
      step 10 "crash points" tests/check_crash_points.py
      ;;
    asan)
      step 780 "build with address and undefined-behaviour sanitizers" build asan
      step 180 "unit, integration and simulation tests" run_ctest asan
      ;;
    services)
      # With downloads for the first time: Java, the servers' jars (tests/services/README.md).
      step 60 "build the suites of real servers" build asan weir-file-systems weir-zookeeper weir-zookeeper-store
      step 90 "file systems and ZooKeeper on real servers" env WEIR_TEST_SHORT=1 tests/run_python.py tests/services
      ;;
    tsan)
      # Worker and coordinator; tests/matrix.sh runs everything under every sanitizer.
      step 420 "build with the thread sanitizer" build tsan tsan_tests
      step 120 "worker and coordinator under the thread sanitizer" run_ctest tsan -L tsan
      ;;
    release)
      step 300 "release build" build release
      step 10 "install" install_release
      ;;
    e2e)
      step 540 "end-to-end tests" tests/run_python.py tests/e2e
      ;;
    hostile)
      step 30 "hostile client" build asan weir-hostile
      step 100 "hostile clients, task managers, peers and snapshots" tests/run_python.py tests/hostile
      ;;
    tidy)
      step 480 "clang-tidy" tests/tidy.sh
      ;;
    *)
      echo "tests/run.sh: there is no stage '$stage'" >&2
      exit 2
      ;;
  esac
done

if [[ " ${stages[*]} " == *" asan "* && " ${stages[*]} " == *" e2e "* ]]; then
  step 10 "crash points that were reached" tests/check_crash_points.py "$WEIR_CRASH_LOG"
fi

for text in "${slow[@]}"; do echo "SLOW: $text"; done
for name in "${failed[@]}"; do echo "FAILED: $name"; done
echo "steps: $passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
