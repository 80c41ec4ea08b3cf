# Sourced by the scripts of this folder: where things are, and how a daemon is started and stopped.
# Rules and messages are those of Flink's flink-daemon.sh: a pid file with a line per instance.
set -u

bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[1]}")")" && pwd)
home=$(dirname "$bin")
export WEIR_CONF_DIR=${WEIR_CONF_DIR:-$home/conf}
log_dir=${WEIR_LOG_DIR:-}
ident=${WEIR_IDENT_STRING:-${USER:-$(id -un)}}
host=$(uname -n)

# The value in force of a configuration key, or nothing.
setting() {
  "$bin/weir" config --json "$1" 2>/dev/null | sed -n 's/^ *"value": "\(.*\)",\{0,1\}$/\1/p' | head -n 1
}

pid_dir() {
  local dir
  dir=${WEIR_PID_DIR:-$(setting env.pid.dir)}
  printf '%s' "${dir:-/tmp}"
}

logs() {
  [ -n "$log_dir" ] || log_dir=$(setting env.log.dir)
  printf '%s' "${log_dir:-$home/log}"
}

# Is this pid a living daemon of that name? A recycled pid is not.
alive() {
  [ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -q -- "weir-$2"
}

rotate() {
  local file=$1 most
  [ -e "$file" ] || return 0
  most=$(setting env.log.max)
  most=${most:-5}
  local n
  for ((n = most - 1; n >= 1; n--)); do
    [ -e "$file.$n" ] && mv -f "$file.$n" "$file.$((n + 1))"
  done
  mv -f "$file" "$file.1"
}

# Forgets pids of daemons that ended by themselves; prints how many live.
prune() {
  local file=$1 daemon=$2 pid living=()
  if [ -s "$file" ]; then
    while read -r pid; do
      alive "$pid" "$daemon" && living+=("$pid")
    done <"$file"
    if [ ${#living[@]} -gt 0 ]; then printf '%s\n' "${living[@]}" >"$file"; else rm -f "$file"; fi
  fi
  printf '%s' "${#living[@]}"
}

start_daemon() {
  local daemon=$1 single=$2
  shift 2
  local dir file running id logs out
  dir=$(pid_dir)
  mkdir -p "$dir" || return 1
  # The installation is part of the name: two of them on a machine do not mistake each other's daemons.
  file=$dir/weir-$ident-$(printf '%s' "$WEIR_CONF_DIR" | cksum | cut -d' ' -f1)-$daemon.pid
  running=$(prune "$file" "$daemon")
  if [ "$running" -gt 0 ]; then
    if [ "$single" = single ]; then
      echo "A $daemon is already running on $host (pid $(tail -n 1 "$file")); stop it first." >&2
      return 1
    fi
    echo "[WARNING] $running instance(s) of $daemon are already running on $host."
  fi
  id=$running
  logs=$(logs)
  mkdir -p "$logs" || return 1
  out=$logs/weir-$ident-$daemon-$id-$host
  rotate "$out.log"
  rotate "$out.out"
  echo "Starting $daemon daemon on host $host."
  # setsid: the daemon does not die with the terminal; no descriptor of ours is kept open in it.
  WEIR_LOG_FILE="$out.log" setsid "$bin/weir-$daemon" --configDir "$WEIR_CONF_DIR" "$@" \
    >"$out.out" 2>"$out.log" </dev/null &
  local pid=$!
  echo "$pid" >>"$file"
  # A start that cannot work ends at once; what it said is shown.
  local tries
  for tries in 1 2 3 4 5; do
    sleep 0.06
    if ! kill -0 "$pid" 2>/dev/null; then
      prune "$file" "$daemon" >/dev/null
      echo "Error starting $daemon daemon." >&2
      tail -n 3 "$out.log" >&2
      return 1
    fi
  done
}

stop_pid() {
  local daemon=$1 pid=$2 waited
  if ! alive "$pid" "$daemon"; then
    echo "No $daemon daemon (pid: $pid) is running anymore on $host."
    return 0
  fi
  echo "Stopping $daemon daemon (pid: $pid) on host $host."
  kill -TERM "$pid"
  for ((waited = 0; waited < 400; waited++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
  echo "The $daemon daemon (pid: $pid) did not stop within 20 s; it is killed." >&2
  kill -KILL "$pid" 2>/dev/null
}

# stop_daemon NAME last|all
stop_daemon() {
  local daemon=$1 which=$2 file pids pid
  file=$(pid_dir)/weir-$ident-$(printf '%s' "$WEIR_CONF_DIR" | cksum | cut -d' ' -f1)-$daemon.pid
  if [ ! -s "$file" ]; then
    echo "No $daemon daemon to stop on host $host."
    return 0
  fi
  if [ "$which" = all ]; then
    mapfile -t pids < <(tac "$file")
    rm -f "$file"
  else
    pids=("$(tail -n 1 "$file")")
    sed -i '$d' "$file"
    [ -s "$file" ] || rm -f "$file"
  fi
  for pid in "${pids[@]}"; do
    stop_pid "$daemon" "$pid"
  done
}

# The lines of a host list without comments; a topology path up to the last / is cut off.
hosts_of() {
  local file=$WEIR_CONF_DIR/$1
  if [ ! -r "$file" ]; then
    echo "The list of hosts $file is missing." >&2
    return 1
  fi
  sed -e 's/#.*//' -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e 's|.*/||' -e '/^$/d' "$file"
}

# Is this host the machine we are on? Then no ssh is needed.
is_here() {
  case $1 in
    localhost | localhost.localdomain | 127.* | ::1 | "$host" | "$(hostname -f 2>/dev/null)") return 0 ;;
  esac
  local address
  address=$(getent ahosts "$1" 2>/dev/null | awk 'NR == 1 { print $1 }')
  case $address in
    127.* | ::1) return 0 ;;
    "") return 1 ;;
  esac
  hostname -I 2>/dev/null | tr ' ' '\n' | grep -qxF "$address"
}

# on_host HOST script args...: here, or over ssh in the same folder there.
on_host() {
  local target=$1
  shift
  if is_here "$target"; then
    "$bin/$1" "${@:2}"
  else
    local status=0
    # The first value of an option counts: env.ssh.opts stands before ours.
    # shellcheck disable=SC2046 # The options are words.
    ssh -n $(setting env.ssh.opts) -o ConnectTimeout=10 "$target" -- \
      "WEIR_CONF_DIR=$(printf %q "$WEIR_CONF_DIR") nohup $(printf '%q ' "$bin/$1" "${@:2}")" || status=$?
    if [ "$status" -eq 255 ]; then
      echo "$1 was not run on host $target: it cannot be reached over ssh (see env.ssh.opts)." >&2
    fi
    return "$status"
  fi
}
