#!/usr/bin/env bash
# Starts or stops a task manager on this machine, several may run, or says which run (exit 1: none).
. "$(dirname "$(readlink -f "$0")")/config.sh"

usage="Usage: taskmanager.sh start [-D key=value]... | stop | stop-all | status"
case ${1:-} in
  start)
    shift
    start_daemon taskmanager several "$@"
    ;;
  stop) stop_daemon taskmanager last ;;
  stop-all) stop_daemon taskmanager all ;;
  status) status_daemon taskmanager ;;
  -h | --help) echo "$usage" ;;
  *) echo "$usage" >&2 && exit 2 ;;
esac
