"""Several job managers on one machine, of which ZooKeeper says who leads (recovery.mode: zookeeper)."""

import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

from cluster import Cluster, Daemon, free_port, wait_for

SESSION = 2.0  # Seconds.
OBEYED = re.compile(r"^(\S+ \S+) DEBUG .* obeys order=\d+ epoch=(\d+)$", re.M)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


DIRECT = urllib.request.build_opener(NoRedirect)


class Partition:
    """Stands between somebody and servers: once it is cut, connections stand and nothing arrives."""

    def __init__(self, ports):
        self.whole = threading.Event()
        self.whole.set()
        self.closed = False
        self.listeners = []
        for port in ports:
            listener = socket.create_server(("127.0.0.1", 0))
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=(listener, port), daemon=True).start()
        self.quorum = ",".join(f"127.0.0.1:{one.getsockname()[1]}" for one in self.listeners)

    def cut(self):
        self.whole.clear()

    def mend(self):
        self.whole.set()

    def close(self):
        self.mend()
        for one in self.listeners:
            one.close()

    def accept(self, listener, port):
        while True:
            try:
                client, _ = listener.accept()
                self.whole.wait()
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                if listener.fileno() < 0:
                    return
                continue
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.move, args=(one, other), daemon=True).start()

    def move(self, one, other):
        try:
            while data := one.recv(65536):
                self.whole.wait()
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class PortTaker:
    """Takes a port of this machine as soon as nobody has it, and answers nobody there."""

    def __init__(self, port):
        self.port = port
        self.taken = threading.Event()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.001):
            with socket.socket() as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    one.bind(("127.0.0.1", self.port))
                    one.listen()
                except OSError:
                    continue
                self.taken.set()
                one.settimeout(0.05)
                while not self.over.is_set():
                    try:
                        one.accept()[0].close()
                    except TimeoutError:
                        pass
                return

    def has_it(self):
        return self.taken.is_set()

    def close(self):
        self.over.set()
        self.thread.join()


class Master(Daemon):
    """A job manager with ports of its own."""

    def __init__(self, cluster, name, crash_at=None, ports=None, quorum=None, host="127.0.0.1", variables=None):
        self.host = host
        self.rpc_port, self.web_port = ports or (free_port(), free_port())
        self.cluster = cluster
        environment = {
            **cluster.environment(), **({"WEIR_CRASH_AT": crash_at} if crash_at else {}), **(variables or {}),
        }
        super().__init__(
            name,
            [cluster.dist / "bin" / "weir-jobmanager",
             "-D", f"jobmanager.rpc.port={self.rpc_port}", "-D", f"jobmanager.web.port={self.web_port}",
             "-D", f"jobmanager.rpc.address={host}",
             *(("-D", f"recovery.zookeeper.quorum={quorum}") if quorum else ())],
            cluster.folder, environment,
        )

    def leads(self):
        """It answers by itself."""
        return self.answer("/overview")[0] == 200

    def waits(self):
        """It says where the leader is asked, or that nobody leads."""
        return self.answer("/overview")[0] in (307, 503)

    def answer(self, path):
        """The code of what it answers, and where it points to; 0 when it does not answer."""
        try:
            with DIRECT.open(f"http://{self.host}:{self.web_port}{path}", timeout=5) as answer:
                return answer.status, None
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Location"]
        except OSError:
            return 0, None

    def points_to(self, path):
        """Where it says that `path` is, on the leader."""
        code, location = self.answer(path)
        return location if code == 307 else None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class HighAvailability(Cluster):
    """`host` and `web_port` are the leader's, whoever that is."""

    def __init__(self, ensemble, folder, masters=2, task_managers=2, slots=1, conf=None, crash_at=None, quorum=None, **more):
        self.ensemble = ensemble
        self.root = f"/weir-{folder.name}"
        self.storage = folder / "ha"
        super().__init__(
            task_managers=task_managers, slots=slots, folder=folder,
            conf={
                "recovery.mode": "zookeeper",
                "recovery.zookeeper.quorum": ensemble.quorum,
                "recovery.zookeeper.path.root": self.root,
                "recovery.zookeeper.storageDir": f"file:{self.storage}",
                "recovery.zookeeper.client.session-timeout": f"{int(SESSION * 1000)} ms",
                "recovery.zookeeper.client.retry-wait": "200 ms",
                "savepoints.state.backend": "filesystem",
                "savepoints.state.backend.fs.dir": f"file:{folder}/savepoints",
                "client.failover.timeout": "60 s",
                "log.level": "DEBUG",
                **(conf or {}),
            },
            **more,
        )
        self.masters = []
        self.wanted_masters = masters
        self.crash_at = crash_at  # Of the one that is there first, like the next.
        self.quorum = quorum

    # ---- life

    def start(self):
        self.write_conf()
        for number in range(self.wanted_masters):
            first = number == 0
            master = self.start_master(self.crash_at, self.quorum) if first else self.start_master()
            if first:
                wait_for("it leads", lambda: master.leads() or master.process.poll() is not None)
                if not self.living():
                    self.restart(master)
        self.wait_leader()
        for _ in range(self.wanted):
            self.start_taskmanager()
        self.wait_task_managers()

    def start_master(self, crash_at=None, quorum=None):
        master = Master(self, f"jobmanager-{len(self.masters) + 1}", crash_at, quorum=quorum)
        self.masters.append(master)
        if len(self.masters) == 1:  # Where who knows no other one begins.
            self.rpc_port = master.rpc_port
            self.conf["jobmanager.rpc.port"] = self.rpc_port
            self.write_conf()
        return master

    def restart(self, master):
        """Another one at its address, as whoever supervises it would; it waits as standby."""
        master.process.wait()
        again = Master(self, f"jobmanager-{len(self.masters) + 1}", ports=(master.rpc_port, master.web_port))
        self.masters.append(again)
        return again

    def kill(self, master):
        master.kill()
        return self.restart(master)

    def living(self):
        return [one for one in self.masters if one.process.poll() is None]

    def leader(self):
        leading = [one for one in self.living() if one.leads()]
        if not leading:
            return None
        self.host, self.web_port = leading[-1].host, leading[-1].web_port
        return leading[-1]

    def wait_leader(self, but=None, timeout=30):
        def found():
            leader = self.leader()
            return leader if leader is not but else None
        return wait_for("a job manager leads", found, timeout)

    def wait_task_managers(self):
        wait_for(
            "task managers registered", lambda: self.leader() and self.overview()["taskmanagers"] == self.wanted, 60
        )

    def stop(self):
        self.jobmanager = None
        problems = []
        for one in [*self.taskmanagers, *self.masters]:
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGCONT)
                status = one.stop()
                if status != 0:
                    problems.append(f"{one.name} ended with {status}:\n{one.tail()}")
        super().stop()
        if problems:
            raise AssertionError("\n".join(problems))

    def __exit__(self, kind, failure, trace):
        if failure is not None:
            for daemon in self.masters:
                lines = [line for line in daemon.log.read_text(errors="replace").splitlines() if " DEBUG " not in line]
                print(f"--- {daemon.name}\n" + "\n".join(lines[-40:]))
        super().__exit__(kind, failure, trace)

    # ---- what holds

    def history(self):
        """When a task manager obeyed an order of which epoch, by time."""
        orders = []
        for daemon in self.taskmanagers:
            orders += OBEYED.findall(daemon.log.read_text(errors="replace"))
        return sorted((when, int(epoch)) for when, epoch in orders)

    def check_history(self):
        """Nobody obeyed a job manager after anybody had obeyed a newer one; the epochs that were obeyed."""
        orders = self.history()
        newest, since = 0, None
        for when, epoch in orders:
            if epoch < newest and when > since:
                raise AssertionError(f"an order of epoch {epoch} was obeyed at {when}, after one of {newest} at {since}")
            if epoch > newest:
                newest, since = epoch, when
        return sorted({epoch for _, epoch in orders})

    def left_over(self):
        """What of jobs stands in ZooKeeper and in the storage directory."""
        nodes = [
            path for path in self.ensemble.nodes(self.root, server=self.server_that_answers())
            if re.match(r".*/(jobgraphs|checkpoints|operations)/.", path)
        ]
        files = [str(path) for path in (self.storage).rglob("record-*") if path.is_file()]
        return nodes + files

    def server_that_answers(self):
        for server in range(self.ensemble.servers):
            try:
                self.ensemble.nodes("/zookeeper", server)
                return server
            except OSError:
                pass
        raise AssertionError("no ZooKeeper server answers")

    def wait_nothing_left(self, timeout=30):
        deadline = time.monotonic() + timeout
        # Who is killed while it tries whether the directory can be written to leaves that file to `weir fsck`.
        while left := self.left_over() + [str(one) for one in self.files(self.checkpoints) if "/probe-" not in str(one)]:
            if time.monotonic() > deadline:
                raise AssertionError(f"is left over: {left}")
            time.sleep(0.1)

    def wait_next_checkpoint(self, job, timeout=30):
        """A checkpoint that a leader completes from now on; the moment."""
        def completed():
            leader = self.leader()
            return leader and (self.try_get(f"/jobs/{job}/checkpoints") or {}).get("count", 0) > 0
        wait_for(f"the next checkpoint of {job}", completed, timeout)
        return time.monotonic()

    def run_state(self, job):
        return (self.try_get(f"/jobs/{job}") or {}).get("state")
