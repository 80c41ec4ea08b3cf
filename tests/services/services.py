"""Real servers for tests, started by the scripts beside this file and ended with the test.

    hdfs = services.start_hdfs(test_class)    # .address, .conf, ...
    s3 = services.start_s3(test_class)
    ensemble = services.ZooKeeper(test_class, servers=3)
"""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
LEFT_BY_S3PROXY = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")  # KEY-UUID
CANNOT_DOWNLOAD = 75


def free_ports(count):
    """The first of `count` ports in a row that nobody uses, below those that the kernel gives to whoever connects."""
    while True:
        first = random.randrange(10000, 32000)
        try:
            for port in range(first, first + count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


class Service:
    """A server in a directory of its own."""

    def __init__(self, test, script, ports, **variables):
        self.script = HERE / script
        self.environment = {**os.environ, **variables}
        self.host = self.environment.get("WEIR_SERVICES_HOST", "127.0.0.1")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"weir-{self.script.stem}-"))
        self.port = free_ports(ports)
        test.addClassCleanup(self.remove)
        self.start()

    def command(self, action):
        return f"{self.script} {action} {self.folder} {self.port} >/dev/null"

    def start(self):
        done = subprocess.run(
            [self.script, "start", self.folder, str(self.port)],
            env=self.environment, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
        )
        if done.returncode == CANNOT_DOWNLOAD:
            # tests/run_python.py says at its end what has not run for it.
            why = (
                f"NO SERVER: {self.script.name} needs to download its server once, and cannot; run "
                f"'tests/services/{self.script.name} install' where there is a network, and bring its cache "
                "(~/.cache/weir-services, or $WEIR_SERVICES_CACHE) here."
            )
            print(f"{done.stderr}\n{why}", file=sys.stderr)
            if os.environ.get("WEIR_TEST_SERVERS") == "required":
                raise AssertionError(why)
            raise unittest.SkipTest(why)
        if done.returncode != 0:
            raise AssertionError(f"{self.script.name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def run(self, action):
        self.run_with(action, {})

    def run_with(self, action, variables):
        subprocess.run(
            [self.script, action, self.folder, str(self.port)], env={**self.environment, **variables}, check=True,
            timeout=300, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )

    def remove(self):
        self.run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)


class Hdfs(Service):
    def __init__(self, test, **variables):
        super().__init__(test, "hdfs.sh", 5, **variables)
        self.conf = self.folder / "conf"
        self.address = f"hdfs://127.0.0.1:{self.port}"
        self.web = f"webhdfs://127.0.0.1:{self.port + 1}"
        self.data_port = self.port + 3

    def only(self, action, node):
        """The action of "namenode" or "datanode" alone; start starts whatever does not run."""
        self.run_with(action, {"WEIR_HDFS_ONLY": node})

    def ask(self, path, operation):
        url = f"http://127.0.0.1:{self.port + 1}/webhdfs/v1{urllib.parse.quote(path)}?op={operation}&user.name=weir"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()

    def put(self, path, text):
        url = f"http://127.0.0.1:{self.port + 1}/webhdfs/v1{urllib.parse.quote(path)}?op=CREATE&noredirect=true&user.name=weir"
        with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=30) as answer:
            location = json.load(answer)["Location"]
        urllib.request.urlopen(urllib.request.Request(location, text.encode(), method="PUT"), timeout=30).close()

    def files(self, directory):
        """The paths of all files below it, hidden ones too."""
        try:
            entries = json.loads(self.ask(directory, "LISTSTATUS"))["FileStatuses"]["FileStatus"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise
        found = []
        for entry in entries:
            path = f"{directory}/{entry['pathSuffix']}"
            found += self.files(path) if entry["type"] == "DIRECTORY" else [path]
        return found


class S3(Service):
    KEY = "weir"
    SECRET = "weirsecret"
    BUCKET = "s3://weir"

    def __init__(self, test, **variables):
        super().__init__(test, "s3.sh", 1, **variables)
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def paths(self, prefix):
        """What the server keeps below a prefix of the bucket, as files of its own; without what it left when it was killed
        while it stored an object."""
        kept = (self.folder / "data" / "weir" / prefix).rglob("*")
        return [path for path in kept if path.is_file() and not LEFT_BY_S3PROXY.search(path.name)]

    def put(self, key, text):
        path = self.folder / "data" / "weir" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")

    def files(self, prefix):
        return [str(path.relative_to(self.folder / "data")) for path in self.paths(prefix)]


class ZooKeeper(Service):
    """One server, or an ensemble of three."""

    def __init__(self, test, servers=1, **variables):
        self.servers = servers
        super().__init__(test, "zookeeper.sh", 30, WEIR_ZOOKEEPER_SERVERS=str(servers), **variables)
        self.quorum = ",".join(f"{self.host}:{self.port + i}" for i in range(servers))

    def only(self, action, server):
        """The action of one server of the ensemble."""
        self.run_with(action, {"WEIR_ZOOKEEPER_ONLY": str(server)})

    def nodes(self, path="/", server=0):
        """The bytes of all nodes below a path, by their paths; those of ZooKeeper itself are left out."""
        with ZooKeeperReader(self.host, self.port + server) as reader:
            return reader.below(path)


class ZooKeeperReader:
    """A session that reads, in ZooKeeper's protocol."""

    GET_DATA, GET_CHILDREN = 4, 8

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=20)
        self.calls = 0
        self.send(struct.pack(">iqiqi16s", 0, 0, 10000, 0, 16, b""))
        self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.socket.close()

    def send(self, body):
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def receive(self):
        size = struct.unpack(">i", self.exactly(4))[0]
        return self.exactly(size)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the ZooKeeper server has closed the connection")
            data += more
        return data

    def ask(self, kind, path):
        """The answer behind its header; None for no such node."""
        self.calls += 1
        name = path.encode()
        self.send(struct.pack(">iii", self.calls, kind, len(name)) + name + b"\0")
        answer = self.receive()
        code = struct.unpack(">iqi", answer[:16])[2]
        if code not in (0, -101):
            raise AssertionError(f"ZooKeeper answers {code} for {path}")
        return answer[16:] if code == 0 else None

    def data(self, path):
        answer = self.ask(self.GET_DATA, path)
        if answer is None:
            return None
        size = struct.unpack(">i", answer[:4])[0]
        return answer[4:4 + max(size, 0)]

    def children(self, path):
        answer = self.ask(self.GET_CHILDREN, path) or struct.pack(">i", 0)
        count, at, names = struct.unpack(">i", answer[:4])[0], 4, []
        for _ in range(count):
            size = struct.unpack(">i", answer[at:at + 4])[0]
            names.append(answer[at + 4:at + 4 + size].decode())
            at += 4 + size
        return sorted(names)

    def below(self, path):
        found = {}
        for name in self.children(path):
            child = f"{path.rstrip('/')}/{name}"
            data = self.data(child)
            if child != "/zookeeper" and data is not None:
                found[child] = data
                found.update(self.below(child))
        return found


def start_proxy(test, upstream, *moved):
    """The port of a fault_proxy.py in front of the server on port `upstream`."""
    port = free_ports(1)
    process = subprocess.Popen([sys.executable, HERE / "fault_proxy.py", str(port), str(upstream), *moved])
    test.addClassCleanup(process.wait)
    test.addClassCleanup(process.kill)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return port
        time.sleep(0.02)
    raise AssertionError("the proxy does not listen")
