#!/usr/bin/env bash
# Starts the job managers of conf/masters and a task manager for each line of conf/workers.
. "$(dirname "$(readlink -f "$0")")/config.sh"

help_or_nothing "Usage: start-cluster.sh
Starts a job manager on the host in conf/masters (host[:web port]) and a task manager on each host in
conf/workers; a host that stands there twice gets two. Other hosts are reached over ssh. Where the job
manager runs already, task managers are started all the same. With recovery.mode zookeeper, conf/masters
has several job managers, on one host with a web port each: one leads, the others wait." "$@"
masters=$(hosts_of masters) && workers=$(hosts_of workers) || exit 1

declare -A started_on  # How many daemons, so that a host that is named twice gets no warning.

# start_next DAEMON HOST WORDS...: one of several on that host.
start_next() {
  local script=$1.sh target=$2 machine=$2
  shift 2
  ! is_here "$target" || machine=here
  machine=$script:$machine
  export WEIR_EXPECTED_INSTANCES=${started_on[$machine]:-0}
  on_host "$target" "$script" start "$@" || return 1
  started_on[$machine]=$((WEIR_EXPECTED_INSTANCES + 1))
}

# Where ZooKeeper chooses, a candidate for each line; it is reached at its host of conf/masters.
start_candidates() {
  local line quorum candidates=()
  quorum=$(setting recovery.zookeeper.quorum) || exit 1
  mapfile -t candidates <<<"$masters"
  echo "Starting HA cluster with ${#candidates[@]} masters and $(tr ',' '\n' <<<"$quorum" | wc -l) peers in ZooKeeper quorum."
  for line in "${candidates[@]}"; do
    case $line in
      *:*) start_next jobmanager "${line%%:*}" "${line%%:*}" "${line##*:}" || exit 1 ;;
      *) start_next jobmanager "$line" "$line" || exit 1 ;;
    esac
  done
}

start_single() {
  local line master web_port running configured
  echo "Starting cluster."
  while read -r line; do
    master=${line%%:*}
    web_port=
    [ "$master" = "$line" ] || web_port=${line##*:}
    if running=$(on_host "$master" jobmanager.sh status 2>/dev/null); then
      echo "$running"
      echo "[INFO] The job manager runs already; task managers are started beside those that it has."
      continue
    fi
    # The port of conf/masters counts only where the configuration names none, as in Flink's script.
    if [ -n "$web_port" ]; then
      configured=$(setting jobmanager.web.port) || exit 1
      [ "$configured" = 8081 ] || web_port=
    fi
    if [ -n "$web_port" ]; then
      on_host "$master" jobmanager.sh start -D "jobmanager.web.port=$web_port" || exit 1
    else
      on_host "$master" jobmanager.sh start || exit 1
    fi
  done <<<"$masters"
}

if elects; then start_candidates; else start_single; fi
failed=0
while read -r worker; do
  [ -z "$worker" ] || start_next taskmanager "$worker" || failed=1
done <<<"$workers"
exit $failed
