"""A cluster with a running job that must not notice what a case does to its daemons."""

import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from cluster import ROOT, Cluster, wait_for  # noqa: E402
from jobs_build import build  # noqa: E402

MEGABYTE = 1 << 20
OPEN_FILES = 1024  # Of the daemons: few enough to run out of them.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)


def client_program():
    named = os.environ.get("WEIR_HOSTILE")
    for path in [named] if named else [ROOT / "build" / kind / "bin" / "weir-hostile" for kind in ("debug", "asan")]:
        if pathlib.Path(path).exists():
            return path
    raise AssertionError("weir-hostile is not built: cmake --build --preset debug --target weir-hostile")


class Usage:
    """What a daemon holds."""

    def __init__(self, pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.threads = int(re.search(r"^Threads:\s+(\d+)", status, re.M).group(1))
        self.megabytes = int(re.search(r"^VmRSS:\s+(\d+)", status, re.M).group(1)) // 1024

    def __repr__(self):
        return f"{self.descriptors} descriptors, {self.threads} threads, {self.megabytes} MB"


class HostileTest(unittest.TestCase):
    """One cluster and one job for all cases of a class."""

    task_managers = 1
    slots = 2
    conf = {}
    # What of a daemon's memory is not expected back: caches of the allocator, logs on their way.
    grown_megabytes = 100

    @staticmethod
    def data_port_of(task_manager):
        return int(re.search(r"data_port=(\d+)", task_manager.log.read_text()).group(1))

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        cls.jobs = build("counting")
        cls.cluster = Cluster(
            task_managers=cls.task_managers,
            slots=cls.slots,
            daemon_prefix=["prlimit", f"--nofile={OPEN_FILES}:{OPEN_FILES}"],
            conf={"heartbeat.interval": "500 ms", **cls.conf},
        )
        cls.enterClassContext(cls.cluster)
        cls.job = cls.cluster.run_detached(
            cls.jobs / "counting", "--count", 10**9, "--rate", 500, "--interval", 200, "--name", "Undisturbed"
        )
        cls.cluster.wait_checkpoints(cls.job, 2)
        cls.data_port = cls.data_port_of(cls.cluster.taskmanagers[0])
        cls.usual = [Usage(daemon.pid) for daemon in cls.daemons()]

    @classmethod
    def daemons(cls):
        return [cls.cluster.jobmanager, *cls.cluster.taskmanagers]

    def setUp(self):
        self.sockets = []
        self.logs_before = {daemon.name: len(daemon.log.read_text(errors="replace")) for daemon in self.daemons()}

    def tearDown(self):
        self.close_all()
        self.check_unharmed()

    # ---- what has to hold after each case

    def check_unharmed(self):
        for daemon in self.daemons():
            self.assertIsNone(daemon.process.poll(), f"{daemon.name} ended:\n{daemon.tail()}")
        self.assertIn("Undisturbed", self.cluster.weir("list", timeout=30).stdout)
        job = self.cluster.job(self.job)
        self.assertEqual(job["state"], "RUNNING", self.cluster.try_get(f"/jobs/{self.job}/exceptions"))
        vertex = self.cluster.get(f"/jobs/{self.job}/vertices/{job['vertices'][0]['id']}")
        self.assertEqual({task["attempt"] for task in vertex["subtasks"]}, {0}, "the job was restarted")
        before = self.cluster.completed_checkpoints(self.job)
        wait_for("checkpoints go on", lambda: self.cluster.completed_checkpoints(self.job) > before + 1, 20)
        for daemon, usual in zip(self.daemons(), self.usual):
            wait_for(f"{daemon.name} is back at {usual}: {Usage(daemon.pid)}", lambda: self.is_back(daemon, usual), 30)

    def is_back(self, daemon, usual):
        now = Usage(daemon.pid)
        return (
            now.descriptors <= usual.descriptors + 8
            and now.threads <= usual.threads + 8
            and now.megabytes <= usual.megabytes + self.grown_megabytes
        )

    def usage(self):
        return Usage(self.cluster.jobmanager.pid)

    def logged(self, daemon):
        """What the daemon has logged since the case began."""
        return daemon.log.read_text(errors="replace")[self.logs_before[daemon.name]:]

    def wait_logged(self, daemon, words, provoke=lambda: None):
        """`provoke` is called until it is logged: of a line that peers can provoke there is one a second."""

        def is_logged():
            provoke()
            return words in self.logged(daemon)

        wait_for(f"{daemon.name} logs '{words}'", is_logged, 20)

    # ---- peers

    def hostile(self, *words, timeout=90):
        """Lines of the hostile client, each "NUMBER TEXT" as a pair."""
        done = self.start_hostile(*words)
        out, err = done.communicate(timeout=timeout)
        self.assertEqual(done.returncode, 0, err)
        return [(int(number), text) for number, _, text in (line.partition(" ") for line in out.splitlines())]

    def start_hostile(self, *words):
        command = [client_program(), self.cluster.rpc_port, *words]
        return subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        )

    def connect(self, port, say=b""):
        peer = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.sockets.append(peer)
        try:
            peer.sendall(say)
        except OSError:
            pass  # Closed already: that is an answer, too.
        return peer

    def close_all(self):
        while self.sockets:
            self.sockets.pop().close()

    @staticmethod
    def read_all(peer):
        """What comes until the daemon closes the connection."""
        received = b""
        try:
            while piece := peer.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
        return received

    def sentences(self, answers, *words):
        """Every answer is a refusal with a sentence that has one of `words`."""
        for code, text in answers:
            self.assertNotEqual(code, 0, text)
            self.assertTrue(any(word in text for word in words), f"{code} {text}")
