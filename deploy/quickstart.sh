#!/usr/bin/env bash
# From a clone to a cluster that counts words, is saved in the middle, cancelled, restored and right:
# installs the packages that are missing, builds a release, installs it, runs the show, and cleans up.
# Usage: deploy/quickstart.sh [--keep] [--prefix DIR]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

keep=no
prefix=$PWD/build/quickstart
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes ;;
    --prefix)
      [ $# -ge 2 ] || { echo "quickstart.sh: --prefix needs a directory" >&2; exit 2; }
      prefix=$(readlink -m "$2")
      shift
      ;;
    -h | --help)
      cat <<TEXT
Usage: deploy/quickstart.sh [--keep] [--prefix DIR]
Builds and installs Weir into DIR (build/quickstart), starts a job manager and two task managers on loopback,
and takes the word count example through savepoint, cancel, restore and disposal.
  --keep   leaves the cluster running at the end and says what to try next
TEXT
      exit 0
      ;;
    *) echo "quickstart.sh: there is no option '$1'; see --help" >&2; exit 2 ;;
  esac
  shift
done

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\nquickstart: %s\n' "$*" >&2; exit 1; }
# Shows a command as a user would type it, then runs it.
run() {
  printf '$ %s\n' "$*"
  "$@"
}
# until_true SECONDS WHAT COMMAND...: waits for a condition, bounded.
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $deadline ] || fail "$what did not happen in time; see $prefix/log"
    sleep 0.1
  done
}
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

say "Packages"
deploy/packages.sh build
echo "in place"

say "Build"
mkdir -p build
log=$PWD/build/quickstart.log
echo "some minutes the first time; everything that the build says goes to $log"
# Ninja's [done/all]: on one line of a terminal, else a line for each tenth.
progress() {
  local terminal=no
  [ ! -t 1 ] || terminal=yes
  awk -v terminal=$terminal '
    match($0, /^\[[0-9]+\/[0-9]+\]/) {
      split(substr($0, 2, RLENGTH - 2), n, "/")
      tenth = int(10 * n[1] / n[2])
      if (terminal == "yes") printf "\r%d of %d", n[1], n[2]
      else if (tenth > last) { printf "%d of %d\n", n[1], n[2]; last = tenth }
      fflush()
    }
    END { if (terminal == "yes") printf "\n" }'
}
printf '$ cmake --preset release && cmake --build --preset release\n'
cmake --preset release >"$log" 2>&1 || { tail -n 20 "$log"; fail "configuring failed; see $log"; }
cmake --build --preset release 2>&1 | tee -a "$log" | progress || { tail -n 40 "$log"; fail "the build failed; see $log"; }

say "Install into $prefix"
if [ -x "$prefix/bin/stop-cluster.sh" ]; then WEIR_PID_DIR=$prefix/run "$prefix/bin/stop-cluster.sh" >/dev/null 2>&1 || true; fi
rm -rf "$prefix"
run cmake --install build/release --prefix "$prefix" >build/install.log

state=$prefix/state
mkdir -p "$prefix/run" "$prefix/tmp" "$state"
rpc_port=$(free_port)
web_port=$(free_port)
cat >"$prefix/conf/flink-conf.yaml" <<TEXT
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: $rpc_port
jobmanager.web.port: $web_port
taskmanager.numberOfTaskSlots: 2
taskmanager.tmp.dirs: $prefix/tmp
parallelism.default: 2
env.pid.dir: $prefix/run
state.backend: filesystem
state.backend.fs.checkpointdir: file:$state/checkpoints
savepoints.state.backend: filesystem
savepoints.state.backend.fs.dir: file:$state/savepoints
TEXT
printf '127.0.0.1\n' >"$prefix/conf/masters"
printf '127.0.0.1\n127.0.0.1\n' >"$prefix/conf/workers"

export PATH=$prefix/bin:$PATH
unset WEIR_CONF_DIR WEIR_LOG_DIR
finish() {
  local status=$?
  [ $keep = yes ] && [ $status -eq 0 ] || stop-cluster.sh >/dev/null 2>&1 || true
  exit $status
}
trap finish EXIT

overview() { curl -fsS "http://127.0.0.1:$web_port/overview" 2>/dev/null; }
has_slots() { overview | grep -q '"slots-available": *4'; }

say "Start a job manager and two task managers on loopback"
run start-cluster.sh
until_true 20 "the registration of both task managers" has_slots
run curl -s "http://127.0.0.1:$web_port/overview"
echo

say "The text to count: licences, and the copyright file of every installed package"
text=$prefix/text
mkdir -p "$text"
find -L /usr/share/common-licenses -maxdepth 1 -type f | sort | while read -r file; do cp "$file" "$text/$(basename "$file")"; done
find -L /usr/share/doc -maxdepth 2 -name copyright -type f | sort | while read -r file; do
  cp "$file" "$text/copyright-$(basename "$(dirname "$file")")"
done
lines=$(cat "$text"/* | wc -l)
echo "$(find "$text" -type f | wc -l) files, $lines lines"
# Paced so that a run lasts some twelve seconds: a bound of lines per second over both sources.
rate=$((lines / 12 + 1))
job=("$prefix/examples/word_count" --input "$text" --output "$state/counts" --rate "$rate")

submit() { # submit [OPTIONS...]: sets id
  printf '$ weir run -d %s%s\n' "${*:+$* }" "${job[*]}"
  id=$(weir run -d "$@" "${job[@]}" | sed -n 's/^Job has been submitted with JobID //p')
  [ -n "$id" ] || fail "the job was not accepted"
  echo "Job has been submitted with JobID $id"
}
checkpoints() { curl -fsS "http://127.0.0.1:$web_port/jobs/$id/checkpoints"; }
completed() { checkpoints | grep -o '"count": *[0-9]*' | grep -o '[0-9]*$' || echo 0; }
some_completed() { [ "$(completed)" -ge 3 ]; }

say "Run WordCount with periodic checkpoints"
submit
until_true 30 "the third checkpoint" some_completed
run curl -s "http://127.0.0.1:$web_port/jobs/$id/checkpoints"
echo

say "Take a savepoint in the middle"
run weir list
printf '$ weir savepoint %s\n' "$id"
answer=$(weir savepoint "$id") || fail "no savepoint"
echo "$answer"
savepoint=$(sed -n 's/^Savepoint completed. Path: //p' <<<"$answer")
[ -n "$savepoint" ] || fail "no savepoint"

say "Cancel the job"
run weir cancel "$id"
ended() { weir list -a | grep "$id" | grep -qE "$1"; }
until_true 30 "the end of the job" ended 'CANCELED'
run weir list -a

say "Restore it from the savepoint, and wait for its end"
printf '$ weir run -s %s %s\n' "$savepoint" "${job[*]}"
weir run -s "$savepoint" "${job[@]}" 2>"$prefix/restore.log" || { tail -n 20 "$prefix/restore.log" >&2; fail "the restored job failed"; }
sed -n '/^Restored/,/^[^ R]/p' "$prefix/restore.log" | grep -v SCHEDULED | head -n 8

say "Compare every count with one made by tr, sort and uniq"
cat "$state"/counts/* | LC_ALL=C sort -k1,1 -k2,2n | awk '{ n[$1] = $2 } END { for (w in n) print w, n[w] }' | LC_ALL=C sort >"$prefix/weir.txt"
# The job's output holds every update of a count; the last and largest is the result.
cat "$text"/* | LC_ALL=C tr -cs 'A-Za-z' '\n' | LC_ALL=C tr 'A-Z' 'a-z' | sed '/^$/d' | LC_ALL=C sort | uniq -c | awk '{ print $2, $1 }' | LC_ALL=C sort >"$prefix/expected.txt"
if ! cmp -s "$prefix/weir.txt" "$prefix/expected.txt"; then
  diff "$prefix/weir.txt" "$prefix/expected.txt" | head -n 20 >&2 || true
  fail "the counts differ"
fi
echo "$(wc -l <"$prefix/expected.txt") words, $(awk '{ s += $2 } END { print s }' "$prefix/expected.txt") occurrences: all equal"
echo "the most frequent: $(sort -k2,2nr "$prefix/weir.txt" | head -n 5 | tr '\n' ',' | sed 's/,$//; s/,/, /g')"

say "Dispose the savepoint; its files are gone"
run find "$state/savepoints" "$state/checkpoints" -type f
run weir savepoint -d "$savepoint"
run find "$state/savepoints" "$state/checkpoints" -type f
[ -z "$(find "$state/savepoints" "$state/checkpoints" -type f 2>/dev/null)" ] || fail "files were left behind"
echo "nothing left"

if [ $keep = yes ]; then
  say "The cluster keeps running"
  cat <<TEXT
Try next:
  export PATH=$prefix/bin:\$PATH
  weir run -d ${job[*]}
  weir list
  weir savepoint JOB
  curl -s http://127.0.0.1:$web_port/joboverview
  tail -f $prefix/log/*.log
  stop-cluster.sh
TEXT
else
  say "Stop the cluster"
  run stop-cluster.sh
fi
say "Done"
