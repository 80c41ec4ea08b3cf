#!/usr/bin/env bash
# Starts or stops a task manager on this machine, several may run, or says which run (exit 1: none).
. "$(dirname "$(readlink -f "$0")")/config.sh"

usage="Usage: taskmanager.sh start [-D key=value]... | stop | stop-all | status"
run_script taskmanager several "$usage" "$@"
