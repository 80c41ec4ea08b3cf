#!/usr/bin/env bash
# Starts or stops a job manager on this machine, or says whether one runs (exit 1: none). Where
# ZooKeeper chooses who leads, several may run.
. "$(dirname "$(readlink -f "$0")")/config.sh"

usage="Usage: jobmanager.sh start [host] [webui-port] [-D key=value]... | stop | stop-all | status"
if [ "${1:-}" = start ]; then
  shift
  arguments=()
  # Flink's form names the execution mode first; there is only one here.
  case ${1:-} in cluster | local) shift ;; esac
  if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then arguments+=(--host "$1") && shift; fi
  if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then arguments+=(--webui-port "$1") && shift; fi
  set -- start "${arguments[@]}" "$@"
fi
several=single
case ${1:-} in start) ! elects || several=several ;; esac
run_script jobmanager "$several" "$usage" "$@"
