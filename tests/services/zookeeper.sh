#!/usr/bin/env bash
# ZooKeeper: one server, or with WEIR_ZOOKEEPER_SERVERS=3 an ensemble. Ports: PORT + i of the clients of server i, PORT + 10 + i
# and PORT + 20 + i between servers; i counts from 0. WEIR_ZOOKEEPER_ONLY=i: the action concerns that server alone.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
arguments "$@"
VERSION=3.8.4
SERVERS="${WEIR_ZOOKEEPER_SERVERS:-$(cat "${DIR:-/nonexistent}/servers" 2>/dev/null || echo 1)}"
ONLY="${WEIR_ZOOKEEPER_ONLY:-}"

install() {
  # The server counts with the one and compresses with the other, and lists neither among what it needs.
  jars "zookeeper-$VERSION" "org.apache.zookeeper:zookeeper:$VERSION" io.dropwizard.metrics:metrics-core:4.2.25 \
    org.xerial.snappy:snappy-java:1.1.10.5
}

# All of them, or the one that is meant.
numbers() { if [ -n "$ONLY" ]; then echo "$ONLY"; else seq 0 $((SERVERS - 1)); fi; }
names() { local i; for i in $(numbers); do echo "zookeeper$i"; done; }

say() { # PORT WORD: what the server answers to one of its four-letter words
  exec 3<>"/dev/tcp/$HOST/$1" && printf '%s' "$2" >&3 && timeout 5 cat <&3
  local status=$?
  exec 3>&-
  return $status
}
serves() { (say "$1" srvr) 2>/dev/null | grep -q '^Mode:'; }

configure() { # SERVER
  local folder="$DIR/server$1" i
  mkdir -p "$folder/data"
  echo $(($1 + 1)) >"$folder/data/myid"
  {
    echo "tickTime=250" # Sessions end at the next tick.
    echo "initLimit=40"
    echo "syncLimit=12"
    echo "dataDir=$folder/data"
    echo "clientPortAddress=$HOST"
    echo "clientPort=$((PORT + $1))"
    echo "admin.enableServer=false"
    echo "4lw.commands.whitelist=srvr,cons,dump,mntr,wchs"
    echo "maxClientCnxns=0"
    echo "minSessionTimeout=1000"
    echo "maxSessionTimeout=60000"
    echo "autopurge.purgeInterval=0"
    if [ "$SERVERS" -gt 1 ]; then
      for ((i = 0; i < SERVERS; i++)); do
        echo "server.$((i + 1))=$HOST:$((PORT + 10 + i)):$((PORT + 20 + i))"
      done
    fi
  } >"$folder/zoo.cfg"
  cat >"$folder/logback.xml" <<END
<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender"><encoder>
<pattern>%d{ISO8601} %-5level %logger{0} - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="C"/></root></configuration>
END
}

start() {
  local i address=""
  install
  echo "$SERVERS" >"$DIR/servers"
  for i in $(numbers); do
    configure "$i"
    # Tests that crash servers as their machine would want WEIR_ZOOKEEPER_SYNC=yes.
    spawn "zookeeper$i" java -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
      -Dzookeeper.forceSync="${WEIR_ZOOKEEPER_SYNC:-no}" -Dlogback.configurationFile="$DIR/server$i/logback.xml" \
      -cp "$JARS/*" org.apache.zookeeper.server.quorum.QuorumPeerMain "$DIR/server$i/zoo.cfg"
  done
  for i in $(numbers); do await 240 "zookeeper$i" serves $((PORT + i)); done
  for ((i = 0; i < SERVERS; i++)); do address="$address${address:+,}$HOST:$((PORT + i))"; done
  echo "$address"
}

case "$ACTION" in
  install) install ;;
  start) start ;;
  stop)
    signal CONT $(names) # One that is frozen would not hear.
    stop $(names)
    ;;
  kill) killed $(names) ;;
  freeze) signal STOP $(names) ;; # Connections stand, and nobody answers.
  thaw) signal CONT $(names) ;;
  status) status $(names) ;;
esac
