#!/usr/bin/env bash
# An object store that speaks S3 and checks signatures: S3Proxy on a local folder, or with WEIR_S3_SERVER=versitygw another
# one. PORT: HTTP. Key "weir", secret "weirsecret", the bucket stands in the path, and "weir" is one.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
arguments "$@"
S3PROXY=3.1.0
VERSITYGW=v1.8.0
KEY=weir
SECRET=weirsecret
SERVER="${WEIR_S3_SERVER:-s3proxy}"

install() {
  packages curl curl
  if [ "$SERVER" = versitygw ]; then
    [ -x "$CACHE/versitygw-$VERSITYGW/versitygw" ] && return 0
    command -v go >/dev/null || { echo "s3.sh: versitygw is built with Go 1.21 or later, which is not here" >&2; exit $CANNOT_DOWNLOAD; }
    GOBIN="$CACHE/versitygw-$VERSITYGW" go install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW" >&2 ||
      exit $CANNOT_DOWNLOAD
  else
    # The release mixes versions of Jackson: its XML module needs a core of its own version.
    jars "s3proxy-$S3PROXY" "org.gaul:s3proxy:$S3PROXY" com.fasterxml.jackson.core:jackson-core:2.21.2 \
      com.fasterxml.jackson.core:jackson-databind:2.21.2
  fi
}

answers() { [ "$(curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "http://$HOST:$PORT/")" != 000 ]; }

start() {
  install
  mkdir -p "$DIR/data/weir"
  if [ "$SERVER" = versitygw ]; then
    spawn s3 env ROOT_ACCESS_KEY=$KEY ROOT_SECRET_KEY=$SECRET "$CACHE/versitygw-$VERSITYGW/versitygw" \
      --port "$HOST:$PORT" posix "$DIR/data"
  else
    cat >"$DIR/s3proxy.conf" <<EOF
s3proxy.endpoint=http://$HOST:$PORT
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=$KEY
s3proxy.credential=$SECRET
s3proxy.v4-max-non-chunked-request-size=134217728
jclouds.provider=filesystem-nio2
jclouds.identity=local
jclouds.credential=local
jclouds.filesystem.basedir=$DIR/data
EOF
    cat >"$DIR/logback.xml" <<EOF
<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender"><encoder>
<pattern>%d{ISO8601} %-5level %logger{0} - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="C"/></root></configuration>
EOF
    spawn s3 java -Xmx512m -XX:+UseSerialGC -Dlogback.configurationFile="$DIR/logback.xml" -cp "$JARS/*" \
      org.gaul.s3proxy.Main --properties "$DIR/s3proxy.conf"
  fi
  await 240 s3 answers
  echo "http://$HOST:$PORT"
}

case "$ACTION" in
  install) install ;;
  start) start ;;
  stop)
    signal CONT s3
    stop s3
    ;;
  kill) killed s3 ;;
  freeze) signal STOP s3 ;;
  thaw) signal CONT s3 ;;
  status) status s3 ;;
esac
