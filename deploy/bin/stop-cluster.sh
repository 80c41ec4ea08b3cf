#!/usr/bin/env bash
# Stops the task managers of conf/workers, then the job managers of conf/masters.
. "$(dirname "$(readlink -f "$0")")/config.sh"

help_or_nothing "Usage: stop-cluster.sh
Stops all task managers on the hosts in conf/workers, then the job managers on those in conf/masters." "$@"
masters=$(hosts_of masters) && workers=$(hosts_of workers) || exit 1

# Said once, and not by each of the scripts below.
pid_dir >/dev/null || exit 1

# stop_all SCRIPT HOSTS: on each machine once, this one however it is spelled.
stop_all() {
  local script=$1 target machine
  local -A seen=()
  while read -r target; do
    [ -n "$target" ] || continue
    machine=$target
    ! is_here "$target" || machine="this machine"
    [ -z "${seen[$machine]:-}" ] || continue
    seen[$machine]=yes
    on_host "$target" "$script" stop-all || failed=1
  done <<<"$2"
}

failed=0
stop_all taskmanager.sh "$workers"
stop_all jobmanager.sh "$(sed 's/:.*//' <<<"$masters")"
exit $failed
