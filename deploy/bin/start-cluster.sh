#!/usr/bin/env bash
# Starts the job manager of conf/masters and a task manager for each line of conf/workers.
. "$(dirname "$(readlink -f "$0")")/config.sh"

help_or_nothing "Usage: start-cluster.sh
Starts a job manager on the host in conf/masters (host[:web port]) and a task manager on each host in
conf/workers; a host that stands there twice gets two. Other hosts are reached over ssh. Where the job
manager runs already, task managers are started all the same." "$@"
masters=$(hosts_of masters) && workers=$(hosts_of workers) || exit 1

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

failed=0
declare -A started_on  # How many task managers, so that a host that is named twice gets no warning.
while read -r worker; do
  [ -n "$worker" ] || continue
  machine=$worker
  ! is_here "$worker" || machine=here
  export WEIR_EXPECTED_INSTANCES=${started_on[$machine]:-0}
  on_host "$worker" taskmanager.sh start || failed=1
  started_on[$machine]=$((WEIR_EXPECTED_INSTANCES + 1))
done <<<"$workers"
exit $failed
