# Sourced by the scripts of this folder: where things are, and how a daemon is started and stopped.
# Rules and messages are those of Flink's flink-daemon.sh: a pid file with a line per instance.
set -u

bin=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[1]}")")" && pwd)
home=$(dirname "$bin")
WEIR_CONF_DIR=${WEIR_CONF_DIR:-$home/conf}
# However it is spelled, it is one directory; one that does not exist is named by the daemon.
WEIR_CONF_DIR=$(readlink -e "$WEIR_CONF_DIR" || printf '%s' "$WEIR_CONF_DIR")
export WEIR_CONF_DIR
log_dir=${WEIR_LOG_DIR:-}
ident=${WEIR_IDENT_STRING:-${USER:-$(id -un)}}
host=$(uname -n)

# wrong_usage WORD USAGE: says what is not understood, and ends the script before it has done anything.
wrong_usage() {
  printf '%s: %q is not understood here.\n%s\n' "$(basename "$0")" "$1" "$2" >&2
  exit 2
}

# help_or_nothing USAGE WORDS...: for a script without arguments.
help_or_nothing() {
  local usage=$1
  shift
  [ $# -gt 0 ] || return 0
  case $1 in
    -h | --help) printf '%s\n' "$usage" && exit 0 ;;
  esac
  wrong_usage "$1" "$usage"
}

# check_start DAEMON USAGE WORDS...: what the daemon would not understand is refused before it starts.
check_start() {
  local daemon=$1 usage=$2 word
  shift 2
  for word in "$@"; do
    case $word in
      -h | --help) exec "$bin/weir-$daemon" --help ;;
    esac
  done
  while [ $# -gt 0 ]; do
    case $daemon:$1 in
      *:-D)
        case ${2:-} in ?*=*) ;; *) wrong_usage "${2:--D}" "$usage" ;; esac
        shift 2
        ;;
      *:-D?*=*) shift ;;
      jobmanager:--host=?* | jobmanager:--webui-port=?*) shift ;;
      jobmanager:--host | jobmanager:--webui-port)
        [ -n "${2:-}" ] || wrong_usage "$1" "$usage"
        shift 2
        ;;
      *) wrong_usage "$1" "$usage" ;;
    esac
  done
}

# run_script DAEMON single|several USAGE WORDS...: what jobmanager.sh and taskmanager.sh do.
run_script() {
  local daemon=$1 single=$2 usage=$3 action=${4:-}
  shift 3
  [ $# -eq 0 ] || shift
  case $action in
    start)
      check_start "$daemon" "$usage" "$@"
      start_daemon "$daemon" "$single" "$@"
      return
      ;;
    -h | --help) printf '%s\n' "$usage" && return ;;
    stop | stop-all | status) help_or_nothing "$usage" "$@" ;;
    "") printf '%s\n' "$usage" >&2 && exit 2 ;;
    *) wrong_usage "$action" "$usage" ;;
  esac
  case $action in
    stop) stop_daemon "$daemon" last ;;
    stop-all) stop_daemon "$daemon" all ;;
    status) status_daemon "$daemon" ;;
  esac
}

# The value in force of a configuration key, or nothing. A wrong configuration is shown and fails.
setting() {
  local shown
  shown=$("$bin/weir" config "$1") || return 1
  sed -n '1s/^[^:]*: \{0,1\}//p' <<<"$shown"
}

# elects: does ZooKeeper choose who leads of several job managers?
elects() {
  case $(setting recovery.mode 2>/dev/null) in [Zz][Oo][Oo][Kk][Ee][Ee][Pp][Ee][Rr]) return 0 ;; esac
  return 1
}

# Where pid files are: configured, else in the installation, else, where that is another's, below /run.
pid_dir() {
  local dir=${WEIR_PID_DIR:-}
  [ -n "$dir" ] || dir=$(setting env.pid.dir) || return 1
  if [ -z "$dir" ]; then
    dir=$home/run
    if [ -d "$dir" ] && [ ! -w "$dir" ] || [ ! -d "$dir" ] && [ ! -w "$home" ]; then
      dir=${XDG_RUNTIME_DIR:-/run}/weir
    fi
  fi
  printf '%s' "$dir"
}

# The file with a line "PID START INDEX" for each daemon of a name. What stands in it is believed, so it
# must be this user's alone. The directory of the configuration is part of its name, by its number and not
# by its path, so that several clusters keep apart and one that was moved is found; and the host, as the
# directory may be shared by machines.
pid_file() {
  local daemon=$1 dir file
  dir=$(pid_dir) || return 1
  file=$dir/weir-$ident-$(stat -Lc '%d-%i' "$WEIR_CONF_DIR" 2>/dev/null)-$host-$daemon.pid
  if [ -d "$dir" ] && [ $((0$(stat -Lc %a "$dir") & 2)) -ne 0 ]; then
    echo "The directory $dir for pid files can be written by everyone; name another with env.pid.dir." >&2
    return 1
  fi
  if [ -L "$file" ] || { [ -e "$file" ] && { [ ! -f "$file" ] || [ ! -O "$file" ]; }; }; then
    echo "The pid file $file is a link, or not this user's; remove it, or name another directory with env.pid.dir." >&2
    return 1
  fi
  printf '%s' "$file"
}

logs() {
  [ -n "$log_dir" ] || log_dir=$(setting env.log.dir) || return 1
  printf '%s' "${log_dir:-$home/log}"
}

# When a process started, in ticks since the machine did: tells it from a later one of its number.
started() {
  local fields
  fields=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${fields##*) }"
  printf '%s' "${fields[19]}"
}

# alive PID START NAME: is this pid the daemon of that name that was started then?
alive() {
  local program
  [[ $1 =~ ^[0-9]+$ ]] && program=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  program=${program% (deleted)}
  [ "${program##*/}" = "weir-$3" ] && [ "$(started "$1")" = "$2" ]
}

# Moves file to file.1, file.1 to file.2, and so on.
rotate() {
  local file=$1 most=$2 n
  [ -s "$file" ] && [ "$most" -gt 0 ] || return 0
  for ((n = most - 1; n >= 1; n--)); do
    [ -e "$file.$n" ] && mv -f "$file.$n" "$file.$((n + 1))"
  done
  mv -f "$file" "$file.1"
}

# written_since "INODE SIZE" FILE: what was written since; all of it where the file was moved, or is cut.
written_since() {
  local inode size was_inode=${1% *} was_size=${1#* } file=$2
  read -r inode size < <(stat -Lc '%i %s' "$file")
  if [ "$inode" != "$was_inode" ] || [ "$size" -lt "$was_size" ]; then was_size=0; fi
  tail -c "+$((was_size + 1))" "$file"
}

# Prints the lines of daemons that live.
living() {
  local file=$1 daemon=$2 pid start index
  [ -s "$file" ] || return 0
  while read -r pid start index; do
    alive "$pid" "$start" "$daemon" && printf '%s %s %s\n' "$pid" "$start" "$index"
  done <"$file"
  return 0
}

# write_lines FILE LINES: none removes the file.
write_lines() {
  if [ -n "$2" ]; then (umask 077 && printf '%s\n' "$2" >"$1"); else rm -f "$1"; fi
}

# Two scripts at once must not take one index or lose each other's line. Until unlock.
lock() {
  exec 9<"$1" && flock -w 30 9 && return 0
  echo "The directory $1 for pid files cannot be locked; does another script hang?" >&2
  return 1
}
unlock() { exec 9<&-; }

start_daemon() {
  local daemon=$1 single=$2
  shift 2
  local file lines count=0 index=0 logs keep log_file out log=()
  if ! file=$(pid_file "$daemon") || ! logs=$(logs) || ! keep=$(setting env.log.max) || ! log_file=$(setting log.file); then
    echo "Error starting $daemon daemon." >&2
    return 1
  fi
  if ! mkdir -p -m 0700 "$(dirname "$file")"; then
    echo "Pid files cannot be kept there; name a directory with env.pid.dir." >&2
    return 1
  fi
  mkdir -p "$logs" && lock "$(dirname "$file")" || return 1
  lines=$(living "$file" "$daemon")
  [ -z "$lines" ] || count=$(wc -l <<<"$lines")
  if [ "$count" -gt 0 ] && [ "$single" = single ]; then
    echo "A $daemon is already running on $host (pid ${lines%% *}); stop it first." >&2
    return 1
  fi
  # start-cluster.sh says how many it has started here itself.
  if [ "$count" -gt "${WEIR_EXPECTED_INSTANCES:-0}" ]; then
    echo "[WARNING] $count instance(s) of $daemon are already running on $host."
  fi
  while grep -q " $index\$" <<<"$lines"; do index=$((index + 1)); done
  out=$logs/weir-$ident-$daemon-$index-$host
  rotate "$out.out" "$keep"
  local before
  before=$(stat -Lc '%i %s' "$out.log" 2>/dev/null)
  case " $* " in *log.file=*) log_file=named ;; esac
  [ -n "$log_file" ] || log=(-D "log.file=$out.log")
  echo "Starting $daemon daemon on host $host."
  # setsid: the daemon does not die with the terminal; no descriptor of ours is kept open in it. Its log
  # opens the file again, moves it when it is large, and takes standard error along.
  setsid "$bin/weir-$daemon" --configDir "$WEIR_CONF_DIR" "${log[@]}" "$@" \
    >>"$out.out" 2>>"$out.log" </dev/null 9<&- &
  local pid=$! start
  start=$(started "$pid")
  write_lines "$file" "${lines:+$lines
}$pid $start $index"
  # A start that cannot work ends at once; what it said is shown.
  local tries
  for tries in 1 2 3 4 5; do
    sleep 0.06
    if ! kill -0 "$pid" 2>/dev/null; then
      write_lines "$file" "$lines"
      unlock
      echo "Error starting $daemon daemon." >&2
      written_since "$before" "$out.log" | tail -n 10 >&2
      return 1
    fi
  done
  unlock
}

stop_pid() {
  local daemon=$1 pid=$2 start=$3 waited
  if ! alive "$pid" "$start" "$daemon"; then
    echo "No $daemon daemon (pid: $pid) is running anymore on $host."
    return 0
  fi
  echo "Stopping $daemon daemon (pid: $pid) on host $host."
  kill -TERM "$pid"
  for ((waited = 0; waited < 400; waited++)); do
    alive "$pid" "$start" "$daemon" || return 0
    sleep 0.05
  done
  echo "The $daemon daemon (pid: $pid) did not stop within 20 s; it is killed." >&2
  kill -KILL "$pid" 2>/dev/null
}

# stop_daemon NAME last|all
stop_daemon() {
  local daemon=$1 which=$2 file lines pid start index
  file=$(pid_file "$daemon") || return 1
  if [ ! -s "$file" ]; then
    echo "No $daemon daemon to stop on host $host."
    return 0
  fi
  lock "$(dirname "$file")" || return 1
  if [ "$which" = all ]; then
    lines=$(tac "$file")
    rm -f "$file"
  else
    lines=$(tail -n 1 "$file")
    write_lines "$file" "$(sed '$d' "$file")"
  fi
  unlock
  while read -r pid start index; do
    stop_pid "$daemon" "$pid" "$start"
  done <<<"$lines"
}

# Prints a line for each daemon of a name; fails where there is none.
status_daemon() {
  local daemon=$1 file lines pid start index
  file=$(pid_file "$daemon") || return 1
  lines=$(living "$file" "$daemon")
  if [ -z "$lines" ]; then
    echo "No $daemon daemon is running on host $host."
    return 1
  fi
  while read -r pid start index; do
    echo "A $daemon daemon (pid: $pid) is running on host $host."
  done <<<"$lines"
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

# on_host HOST script args...: here, or over ssh in the same folder there. WEIR_EXPECTED_INSTANCES goes along.
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
      "WEIR_CONF_DIR=$(printf %q "$WEIR_CONF_DIR") WEIR_EXPECTED_INSTANCES=${WEIR_EXPECTED_INSTANCES:-0} nohup $(printf '%q ' "$bin/$1" "${@:2}")" || status=$?
    if [ "$status" -eq 255 ]; then
      echo "$1 was not run on host $target: it cannot be reached over ssh (see env.ssh.opts)." >&2
    fi
    return "$status"
  fi
}
