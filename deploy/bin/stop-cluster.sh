#!/usr/bin/env bash
# Stops the task managers of conf/workers, then the job managers of conf/masters.
. "$(dirname "$(readlink -f "$0")")/config.sh"

case ${1:-} in
  -h | --help)
    echo "Usage: stop-cluster.sh
Stops all task managers on the hosts in conf/workers, then the job managers on those in conf/masters."
    exit 0
    ;;
esac
masters=$(hosts_of masters) && workers=$(hosts_of workers) || exit 1

# Said once, and not by each of the scripts below.
pid_dir >/dev/null || exit 1

failed=0
while read -r worker; do
  [ -z "$worker" ] || on_host "$worker" taskmanager.sh stop-all || failed=1
done < <(sort -u <<<"$workers")
while read -r line; do
  [ -z "$line" ] || on_host "${line%%:*}" jobmanager.sh stop-all || failed=1
done <<<"$masters"
exit $failed
