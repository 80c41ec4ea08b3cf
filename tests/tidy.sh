#!/usr/bin/env bash
# clang-tidy over every source file, each on its own, and every header without one on its own: so a file that lacks an
# include is found here. What was clean is remembered by its content in ~/.cache/weir-tidy ($WEIR_TIDY_CACHE), so that a
# second run, of another checkout too, checks only what changed. Usage: tests/tidy.sh [FILE...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

export database=build/tidy
export cache=${WEIR_TIDY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir-tidy}
cmake --preset tidy >/dev/null
cmake --build $database --target weir_proto_sources >/dev/null
mkdir -p "$cache"
find "$cache" -maxdepth 1 -type f -regextype posix-extended -regex '.*/[0-9a-f]{64}' -mtime +30 -delete
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(git ls-files 'common/*.cc' 'jobmanager/*.cc' 'taskmanager/*.cc')
  while read -r header; do
    [ -e "${header%.h}.cc" ] || files+=("$header")
  done < <(git ls-files 'common/*.h' 'jobmanager/*.h' 'taskmanager/*.h')
fi
export common_key
common_key=$(clang-tidy-19 --version && cat .clang-tidy proto/*.proto)

check() {
  local file=$1 key log flags=(-x c++ -std=c++20 -I. -isystem $database/proto/generated)
  # The sources and headers that a finding can depend on: this file and all our headers it includes.
  key=$( (echo "$common_key" && cat "$file" && g++ "${flags[@]}" -MM "$file" 2>/dev/null |
    tr ' \\' '\n\n' | grep -E '^(common|jobmanager|taskmanager)/.*\.h$' | sort -u | xargs -r cat) | sha256sum | cut -d' ' -f1)
  [ -e "$cache/$key" ] && return 0
  if [[ $file == *.h ]]; then
    log=$(clang++-19 "${flags[@]}" -fsyntax-only -Wno-pragma-once-outside-header "$file" 2>&1)
  else
    log=$(clang-tidy-19 --quiet --extra-arg=-Wno-unknown-warning-option -p $database "$file" 2>/dev/null)
  fi && : >"$cache/$key" || { echo "$log"; return 1; }
}
export -f check
printf '%s\n' "${files[@]}" | xargs -P "${WEIR_JOBS:-$(nproc)}" -I{} bash -c 'check {}'
echo "clang-tidy: ${#files[@]} files clean"
