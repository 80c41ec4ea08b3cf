#!/usr/bin/env bash
# The whole matrix: every test of ctest in every build, and the end-to-end tests on the installation of every build.
# Usage: tests/matrix.sh [PRESET...]; presets: debug asan tsan release (default: all of them). WEIR_JOBS bounds
# parallel compilations. Takes hours on a small machine; tests/run.sh is what every change has to pass.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(debug asan tsan release)
jobs=${WEIR_JOBS:-$(nproc)}
passed=0
failed=()

for preset in "${presets[@]}"; do
  case $preset in
    debug | asan | tsan | release) ;;
    *)
      echo "tests/matrix.sh: there is no preset '$preset'" >&2
      exit 2
      ;;
  esac
done

deploy/packages.sh test

step() { # step NAME COMMAND...; ends with the command's status
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    passed=$((passed + 1))
    echo "== $name: passed in $((SECONDS - start)) s"
  else
    failed+=("$name")
    echo "== $name: FAILED after $((SECONDS - start)) s"
    return 1
  fi
}

build() { # build PRESET
  cmake --preset "$1" >build/"$1".configure.log 2>&1 || { cat build/"$1".configure.log; return 1; }
  cmake --build --preset "$1" -j "$jobs" >build/"$1".build.log 2>&1 ||
    { grep -E "error|FAILED|warning" -A3 build/"$1".build.log | head -n 60; return 1; }
}

run_ctest() { # run_ctest PRESET
  ctest --test-dir build/"$1" --output-on-failure -j "$jobs" --timeout 600 >build/"$1".test.log 2>&1 ||
    { tail -n 80 build/"$1".test.log; return 1; }
  tail -n 4 build/"$1".test.log
}

# The jobs of the tests are built against the installation, as users' are, and with the sanitizer of its library.
sanitizer_of() {
  case $1 in
    asan) echo "-fsanitize=address,undefined -fno-sanitize-recover=all" ;;
    tsan) echo "-fsanitize=thread" ;;
  esac
}

install_of() { # install_of PRESET
  rm -rf build/dist-"$1" build/e2e-jobs
  cmake --install build/"$1" --prefix "$PWD/build/dist-$1" >build/"$1".install.log
}

run_e2e() { # run_e2e PRESET
  local flags
  flags=$(sanitizer_of "$1")
  WEIR_DIST=$PWD/build/dist-$1 CXXFLAGS=$flags LDFLAGS=$flags \
    tests/run_python.py tests/e2e >build/"$1".e2e.log 2>&1 ||
    { tail -n 80 build/"$1".e2e.log; return 1; }
  tail -n 3 build/"$1".e2e.log
}

mkdir -p build
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:halt_on_error=1"

for preset in "${presets[@]}"; do
  if step "$preset: build" build "$preset"; then
    step "$preset: ctest" run_ctest "$preset" || true
    if step "$preset: install" install_of "$preset"; then
      step "$preset: end-to-end tests" run_e2e "$preset" || true
    fi
  fi
done
rm -rf build/e2e-jobs # The next run of the end-to-end tests builds them for its own installation.

for name in "${failed[@]}"; do echo "FAILED: $name"; done
echo "matrix: ${presets[*]}: $passed steps passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
