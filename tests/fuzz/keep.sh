#!/usr/bin/env bash
# Keeps what tests/fuzz/run.sh has found: of each corpus in build/fuzz the smallest inputs that reach everything that it
# reaches, as tests/fuzz/corpus/<target>.tar.xz. Usage: tests/fuzz/keep.sh [TARGET...] (default: all that were fuzzed).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

build=$PWD/build/fuzz
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for corpus in "$build"/corpus/*/; do
    [ -d "$corpus" ] && targets+=("$(basename "$corpus")")
  done
fi
[ ${#targets[@]} -gt 0 ] || { echo "tests/fuzz/keep.sh: there is no corpus in $build; run tests/fuzz/run.sh first" >&2; exit 1; }
mkdir -p tests/fuzz/corpus
for target in "${targets[@]}"; do
  small=$(mktemp -d "$build/keep-XXXXXX")
  "$build/tests/fuzz/fuzz_$target" -merge=1 -max_len=4096 -timeout=60 -rss_limit_mb=2048 "$small" "$build/corpus/$target" \
    >"$build/$target.keep.log" 2>&1 ||
    { tail -n 20 "$build/$target.keep.log"; rm -rf "$small"; exit 1; }
  # The same inputs make the same archive.
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 -C "$small" -cJf "tests/fuzz/corpus/$target.tar.xz.new" \
    $(cd "$small" && ls)
  mv "tests/fuzz/corpus/$target.tar.xz.new" "tests/fuzz/corpus/$target.tar.xz"
  echo "== $target: $(find "$small" -type f | wc -l) inputs, $(stat -c %s "tests/fuzz/corpus/$target.tar.xz") bytes"
  rm -rf "$small"
done
