#!/usr/bin/env bash
# clang-tidy over every source file of the compilation database of the release build. What was clean is remembered
# under build/tidy by the content of the preprocessed file, so that a second run checks only what changed.
# Usage: tests/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

database=build/release
[ -e $database/compile_commands.json ] || cmake --preset release >/dev/null
mkdir -p build/tidy
files=("$@")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(git ls-files 'common/*.cc' 'jobmanager/*.cc' 'taskmanager/*.cc')

check() {
  local file=$1 key log
  # The sources and headers that a finding can depend on: this file and all our headers it includes.
  key=$( (cat .clang-tidy "$file"; g++ -std=c++20 -MM -I. -isystem build/release/proto/generated -Ibuild/release/include "$file" 2>/dev/null |
    tr ' \\' '\n\n' | grep -E '^(common|jobmanager|taskmanager)/.*\.h$' | sort -u | xargs -r cat) | sha256sum | cut -d' ' -f1)
  [ -e "build/tidy/$key" ] && return 0
  log=$(clang-tidy-19 --quiet --extra-arg=-Wno-unknown-warning-option -p build/release "$file" 2>/dev/null) && : >"build/tidy/$key" || { echo "$log"; return 1; }
}
export -f check
printf '%s\n' "${files[@]}" | xargs -P "${WEIR_JOBS:-$(nproc)}" -I{} bash -c 'check {}'
echo "clang-tidy: ${#files[@]} files clean"
