# Shared by the scripts of this folder; sourced, not run. A service keeps all that is its own in one directory: configuration,
# data, NAME.log, and NAME.pid with the process id and the kernel's start time of it, so that a number that was given
# anew is never signalled. README.md says how the scripts are called.
set -euo pipefail

CACHE="${WEIR_SERVICES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir-services}"
HOST="${WEIR_SERVICES_HOST:-127.0.0.1}"
CANNOT_DOWNLOAD=75  # Exit status: what is needed is neither here nor can be had.

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# arguments install | start|stop|kill|freeze|thaw|status DIR [PORT]: sets ACTION, DIR, PORT
arguments() {
  ACTION="${1:-}" DIR="${2:-}" PORT="${3:-}"
  case "$ACTION" in
    install) return 0 ;;
    start | stop | kill | freeze | thaw | status) ;;
    *)
      echo "usage: $(basename "$0") install | start|stop|kill|freeze|thaw|status DIR [PORT]" >&2
      exit 2
      ;;
  esac
  [ -n "$DIR" ] || fail "names no directory"
  case "$DIR" in /*) ;; *) DIR="$PWD/$DIR" ;; esac
  [ -n "$PORT" ] || PORT="$(cat "$DIR/port" 2>/dev/null || true)"
  [ "${PORT:-0}" -ge 1024 ] 2>/dev/null || fail "needs a port of at least 1024"
  [ "$ACTION" != start ] || { mkdir -p "$DIR" && echo "$PORT" >"$DIR/port"; }
}

# packages COMMAND PACKAGE...: installs Debian packages where the command is missing
packages() {
  local command="$1"
  shift
  ! command -v "$command" >/dev/null || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "$command is missing: install $*"
    as_root=(sudo)
  fi
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600
    install -y --no-install-recommends "$@")
  "${install[@]}" >/dev/null 2>&1 || {
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 update >&2 && "${install[@]}" >&2
  } || {
    echo "$(basename "$0"): the packages $* cannot be downloaded" >&2
    exit $CANNOT_DOWNLOAD
  }
}

# jars NAME GROUP:ARTIFACT:VERSION...: downloads them with all that they need into the cache, once; sets JARS
jars() {
  local name="$1"
  shift
  JARS="$CACHE/$name"
  [ ! -f "$JARS/.complete" ] || return 0
  packages java openjdk-17-jre-headless
  packages mvn maven
  mkdir -p "$CACHE"
  (
    flock 8
    [ ! -f "$JARS/.complete" ] || exit 0
    local new="$CACHE/.$name.new" one group artifact version
    rm -rf "$new"
    mkdir -p "$new"
    {
      echo '<project><modelVersion>4.0.0</modelVersion><groupId>services</groupId><artifactId>jars</artifactId>'
      echo '<version>1</version><packaging>pom</packaging><dependencies>'
      for one in "$@"; do
        IFS=: read -r group artifact version <<<"$one"
        echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
      done
      echo '</dependencies></project>'
    } >"$new/pom.xml"
    mvn -q -B -f "$new/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
      -DoutputDirectory="$new" >&2 || exit $CANNOT_DOWNLOAD
    touch "$new/.complete"
    rm -rf "$JARS"
    mv "$new" "$JARS"
  ) 8>"$CACHE/.$name.lock" || {
    local status=$?
    echo "$(basename "$0"): $name cannot be downloaded" >&2
    exit $status
  }
}

start_time() { # of a process: field 22 of its stat, behind the name in parentheses
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  stat="${stat##*) }"
  set -- $stat
  echo "${20}"
}

alive() { # NAME
  local pid since
  [ -f "$DIR/$1.pid" ] && read -r pid since <"$DIR/$1.pid" || return 1
  [ "$(start_time "$pid")" = "$since" ]
}

spawn() { # NAME COMMAND...: in the background, unless it runs
  local name="$1" pid
  shift
  ! alive "$name" || return 0
  (
    for fd in /proc/self/fd/*; do # Whoever waits for the end of our descriptors shall not wait for the service.
      fd="${fd##*/}"
      if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then eval "exec $fd>&-"; fi
    done
    exec setsid "$@" </dev/null >>"$DIR/$name.log" 2>&1
  ) &
  pid=$!
  echo "$pid $(start_time "$pid" || echo 0)" >"$DIR/$name.pid"
}

signal() { # SIGNAL NAME...
  local with="$1" name pid since
  shift
  for name in "$@"; do
    if alive "$name"; then
      read -r pid since <"$DIR/$name.pid"
      kill "-$with" "$pid" 2>/dev/null || true
    fi
  done
}

stop() { # NAME...: asked first, killed after 20 s
  local name end=$((SECONDS + 20))
  signal TERM "$@"
  for name in "$@"; do
    while alive "$name" && [ $SECONDS -lt $end ]; do sleep 0.05; done
    signal KILL "$name"
    while alive "$name"; do sleep 0.05; done
    rm -f "$DIR/$name.pid"
  done
}

killed() { # NAME...: as by the loss of its machine
  local name
  signal KILL "$@"
  for name in "$@"; do
    while alive "$name"; do sleep 0.02; done
    rm -f "$DIR/$name.pid"
  done
}

open_port() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

await() { # SECONDS NAME COMMAND...: until the command succeeds; fails when NAME ends or the time is over
  local end=$((SECONDS + $1)) name="$2"
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ! alive "$name" || [ $SECONDS -ge $end ]; then
      tail -n 20 "$DIR/$name.log" >&2
      stop "$name"
      fail "$name did not get ready"
    fi
    sleep 0.05
  done
}

status() { # NAME...: 0 when all run, else 3
  local name result=0
  for name in "$@"; do
    if alive "$name"; then echo "$name runs"; else echo "$name does not run" && result=3; fi
  done
  return $result
}
