#!/usr/bin/env bash
# HDFS: one name node and one data node. Ports: PORT name node, +1 its HTTP (WebHDFS), +2 data, +3 the data node's HTTP, +4
# its IPC. DIR/conf holds core-site.xml and hdfs-site.xml for clients too. WEIR_HDFS_ONLY=namenode|datanode: kill, freeze and thaw
# concern that one alone; start starts what does not run.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
arguments "$@"
VERSION=3.3.6
SERVER=org.apache.hadoop.hdfs.server
ONLY="${WEIR_HDFS_ONLY:-datanode namenode}"

install() {
  packages curl curl
  jars "hdfs-$VERSION" "org.apache.hadoop:hadoop-hdfs:$VERSION" "org.apache.hadoop:hadoop-common:$VERSION" \
    "org.apache.hadoop:hadoop-hdfs-client:$VERSION"
}

property() { echo "  <property><name>$1</name><value>$2</value></property>"; }

configure() {
  local conf="$DIR/conf"
  mkdir -p "$conf/webapps/hdfs" "$conf/webapps/datanode" "$DIR/name" "$DIR/data"
  chmod 700 "$DIR/data"
  {
    echo '<configuration>'
    property fs.defaultFS "hdfs://$HOST:$PORT"
    property hadoop.tmp.dir "$DIR/tmp"
    property hadoop.http.staticuser.user "$(id -un)"
    echo '</configuration>'
  } >"$conf/core-site.xml"
  {
    echo '<configuration>'
    property dfs.replication 1
    property dfs.namenode.name.dir "file://$DIR/name"
    property dfs.datanode.data.dir "file://$DIR/data"
    property dfs.namenode.rpc-bind-host $HOST
    property dfs.namenode.http-address "$HOST:$((PORT + 1))"
    property dfs.namenode.secondary.http-address "$HOST:0"
    property dfs.datanode.address "$HOST:$((PORT + 2))"
    property dfs.datanode.http.address "$HOST:$((PORT + 3))"
    property dfs.datanode.ipc.address "$HOST:$((PORT + 4))"
    property dfs.datanode.hostname $HOST
    property dfs.namenode.datanode.registration.ip-hostname-check false
    property dfs.namenode.safemode.extension 0
    property dfs.heartbeat.interval 1
    property dfs.client.block.write.replace-datanode-on-failure.policy NEVER
    property dfs.permissions.enabled "${WEIR_HDFS_PERMISSIONS:-false}"
    property dfs.blocksize 67108864
    property dfs.datanode.du.reserved 0
    echo '</configuration>'
  } >"$conf/hdfs-site.xml"
  cat >"$conf/log4j.properties" <<EOF
log4j.rootLogger=INFO, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d{ISO8601} %-5p %c{1} - %m%n
EOF
}

web() { curl -fsS --noproxy '*' "http://$HOST:$((PORT + 1))$1"; }
bean() { web "/jmx?get=Hadoop:service=NameNode,name=NameNodeInfo::$1"; }
# A data node has registered, blocks are known, WebHDFS answers. Beans of FSNamesystem lag by 10 s, this one does not.
ready() {
  bean LiveNodes | grep -q xferaddr && bean Safemode | grep -q '"Safemode" : ""' && web '/webhdfs/v1/?op=LISTSTATUS'
}

start() {
  install
  configure
  # Java 17 shows no insides without --add-opens; the web application is looked for on the class path.
  local java=(java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=4 --add-opens=java.base/java.lang=ALL-UNNAMED
    -cp "$DIR/conf:$JARS/*")
  if [ ! -f "$DIR/name/current/VERSION" ]; then
    "${java[@]}" $SERVER.namenode.NameNode -format -nonInteractive >"$DIR/format.log" 2>&1 ||
      { tail -n 20 "$DIR/format.log" >&2 && fail "the name node's directory was not formatted"; }
  fi
  spawn namenode "${java[@]}" $SERVER.namenode.NameNode
  await 240 namenode open_port "$PORT" # A data node that is there first sleeps 10 s before it tries again.
  spawn datanode "${java[@]}" $SERVER.datanode.DataNode
  await 240 namenode ready
  echo "hdfs://$HOST:$PORT webhdfs://$HOST:$((PORT + 1))"
}

case "$ACTION" in
  install) install ;;
  start) start ;;
  stop)
    signal CONT datanode namenode
    stop datanode namenode
    ;;
  kill) killed $ONLY ;;
  freeze) signal STOP $ONLY ;;
  thaw) signal CONT $ONLY ;;
  status) status namenode datanode ;;
esac
