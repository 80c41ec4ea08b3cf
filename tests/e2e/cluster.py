"""A cluster of real daemons for tests: its own folder, free ports, and nothing left behind.

    with Cluster(task_managers=2, slots=2) as cluster:
        job = cluster.run_detached(EXAMPLES / "word_count", "--input", path)
        cluster.wait_state(job, "FINISHED")
"""

import errno
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIST = pathlib.Path(os.environ.get("WEIR_DIST", ROOT / "build" / "dist"))
BIN = DIST / "bin"
EXAMPLES = DIST / "examples"
JOB_ID = re.compile(r"\b[0-9a-f]{32}\b")


def free_port():
    """Below those that the kernel gives to whoever connects: nobody takes it before its daemon does."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        return port


def wait_for(what, condition, timeout=30.0):
    """Polls until condition() is true and returns its value; fails with `what` after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"within {timeout} s not true: {what}")
        time.sleep(0.02)


class Daemon:
    """One daemon process with its output in files."""

    def __init__(self, name, arguments, folder, environment):
        self.name = name
        self.out = folder / f"{name}.out"
        self.log = folder / f"{name}.log"
        with open(self.out, "ab") as out, open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                arguments, stdout=out, stderr=log, stdin=subprocess.DEVNULL, env=environment, cwd=folder
            )

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=30):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {timeout} s:\n{self.tail()}") from None
        return self.process.returncode

    def tail(self, lines=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def files_below(directory, hidden=True):
    """The files below a directory in which others may be at work: folders that vanish meanwhile have none."""
    for folder, folders, names in os.walk(directory):
        if not hidden:
            folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (pathlib.Path(folder) / name for name in names if hidden or not name.startswith("."))


class Cluster:
    def __init__(self, task_managers=1, slots=2, folder=None, dist=None, daemon_env=None, daemon_prefix=(), **settings):
        """settings: configuration keys with '_' for '.', as in state_backend='filesystem'; or conf={key: value}.

        daemon_env: variables that only the daemons get; daemon_prefix: the command that executes them.
        """
        self.dist = pathlib.Path(dist) if dist else DIST
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="weir-e2e-"))
        self.owns_folder = folder is None
        self.daemon_env = dict(daemon_env or {})
        self.daemon_prefix = list(daemon_prefix)
        self.conf_dir = self.folder / "conf"
        self.checkpoints = self.folder / "checkpoints"
        self.savepoints = self.folder / "savepoints"
        self.host = "127.0.0.1"
        self.rpc_port = free_port()
        self.web_port = free_port()
        self.conf = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": self.rpc_port,
            "jobmanager.web.port": self.web_port,
            "taskmanager.numberOfTaskSlots": slots,
            "taskmanager.tmp.dirs": self.folder / "tmp",
            "state.backend": "filesystem",
            "state.backend.fs.checkpointdir": f"file:{self.checkpoints}",
        }
        self.conf.update(settings.pop("conf", {}))
        self.conf.update({key.replace("_", "."): value for key, value in settings.items()})
        self.wanted = task_managers
        self.jobmanager = None
        self.taskmanagers = []
        self.started = 0

    @classmethod
    def keeping_jobs(cls, test, conf=None, **more):
        """One whose jobs and savepoints outlive its job manager, in a folder that goes with the test."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-kept-"))
        test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        settings = {
            "recovery.mode": "filesystem",
            "recovery.filesystem.dir": folder / "ha",
            "savepoints.state.backend": "filesystem",
            "savepoints.state.backend.fs.dir": f"file:{folder}/savepoints",
            "client.failover.timeout": "30 s",
            **(conf or {}),
        }
        return cls(folder=folder, conf=settings, **more)

    # ---- life

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())  # With what the daemons said, and without leaving any behind.
            raise
        return self

    def __exit__(self, _, failure, __):
        if failure is not None:
            print(f"--- {type(failure).__name__}: {failure}")  # First: what the daemons said may be cut.
            for daemon in [self.jobmanager, *self.taskmanagers]:
                if daemon:
                    print(f"--- {daemon.name}\n{daemon.tail()}")
        self.stop()

    def write_conf(self):
        self.conf_dir.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        lines = [f"{key}: {value}" for key, value in self.conf.items() if value is not None]
        (self.conf_dir / "flink-conf.yaml").write_text("\n".join(lines) + "\n")

    def environment(self):
        environment = dict(os.environ)
        environment["WEIR_CONF_DIR"] = str(self.conf_dir)
        return environment

    def start(self):
        self.write_conf()
        self.start_jobmanager()
        for _ in range(self.wanted):
            self.start_taskmanager()
        wait_for("task managers registered", lambda: self.overview()["taskmanagers"] == self.wanted)

    def start_jobmanager(self, *arguments):
        self.jobmanager = Daemon(
            "jobmanager",
            [*self.daemon_prefix, self.dist / "bin" / "weir-jobmanager", *arguments],
            self.folder,
            {**self.environment(), **self.daemon_env},
        )
        wait_for("job manager ready", lambda: self.try_get("/overview") or self._ended(self.jobmanager))
        return self.jobmanager

    def restart_jobmanager(self, crash_at=None):
        """Another one in its place, to which all task managers come back, and which dies at that point."""
        if self.jobmanager.process.poll() is None:
            self.jobmanager.stop()
        before, self.daemon_env = self.daemon_env, {**self.daemon_env, **({"WEIR_CRASH_AT": crash_at} if crash_at else {})}
        self.start_jobmanager()
        self.daemon_env = before
        wait_for("task managers are back", lambda: self.overview()["taskmanagers"] == self.wanted, timeout=60)

    def start_dying_jobmanager(self, point):
        """One that has died at that point when this returns."""
        before, self.daemon_env = self.daemon_env, {**self.daemon_env, "WEIR_CRASH_AT": point}
        try:
            self.start_jobmanager()  # It may die before it answers anybody.
        except AssertionError:
            pass
        self.daemon_env = before
        self.wait_killed(point)

    def wait_killed(self, point):
        """The job manager has died at the point that it was started for."""
        status = wait_for(f"killed at {point}", lambda: self.jobmanager.process.poll(), timeout=60)
        if status != -signal.SIGKILL:
            raise AssertionError(f"the job manager ended with {status}, not at {point}:\n{self.jobmanager.tail()}")

    def start_taskmanager(self, *arguments):
        self.started += 1
        daemon = Daemon(
            f"taskmanager-{self.started}",
            [*self.daemon_prefix, self.dist / "bin" / "weir-taskmanager", *arguments],
            self.folder,
            {**self.environment(), **self.daemon_env},
        )
        self.taskmanagers.append(daemon)
        return daemon

    @staticmethod
    def _ended(daemon):
        if daemon.process.poll() is not None:
            raise AssertionError(f"{daemon.name} ended with {daemon.process.returncode}:\n{daemon.tail()}")

    def stop(self):
        problems = []
        for daemon in [*self.taskmanagers, self.jobmanager]:
            if daemon is None or daemon.process.returncode is not None:
                continue
            try:
                status = daemon.stop()
                if status != 0:
                    problems.append(f"{daemon.name} ended with {status}:\n{daemon.tail()}")
            except AssertionError as error:
                problems.append(str(error))
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        if problems:
            raise AssertionError("\n".join(problems))

    # ---- the command

    def weir(self, *arguments, check=True, timeout=90, env=None, **more):
        """Runs `weir ARGUMENTS` and returns the CompletedProcess; fails when it does, unless check=False."""
        environment = self.environment()
        environment.update(env or {})
        done = subprocess.run(
            [self.dist / "bin" / "weir", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env=environment,
            stdin=subprocess.DEVNULL,
            **more,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"weir {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def begin_weir(self, test, *arguments):
        """Starts `weir ARGUMENTS`, which goes on beside the test and ends with it; both of its outputs are pipes."""
        command = subprocess.Popen(
            [self.dist / "bin" / "weir", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
        )
        test.addCleanup(command.kill)
        return command

    def run_detached(self, program, *arguments, options=()):
        if "--crash-at" in arguments and "WEIR_CRASH_LOG" in os.environ:  # No variable reaches a worker.
            arguments += ("--crash-log", os.environ["WEIR_CRASH_LOG"])
        done = self.weir("run", "-d", *options, program, *arguments)
        match = re.search(r"^Job has been submitted with JobID ([0-9a-f]{32})$", done.stdout, re.M)
        assert match, done.stdout + done.stderr
        return match.group(1)

    def savepoint(self, job, *directory, timeout=90):
        done = self.weir("savepoint", job, *directory, timeout=timeout)
        match = re.search(r"^Savepoint completed\. Path: (\S+)$", done.stdout, re.M)
        assert match, done.stdout + done.stderr
        return match.group(1)

    # ---- HTTP

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.host}:{self.web_port}{path}", timeout=10) as answer:
            return json.load(answer)

    def try_get(self, path):
        try:
            return self.get(path)
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def overview(self):
        return self.try_get("/overview") or {"taskmanagers": -1, "slots-available": -1}

    def job(self, job):
        return self.get(f"/jobs/{job}")

    def wait_state(self, job, state, timeout=60):
        def reached():
            now = self.job(job)["state"]
            if now != state and now in ("FAILED", "CANCELED", "FINISHED"):
                raise AssertionError(f"job {job} is {now}, not {state}: {self.try_get(f'/jobs/{job}/exceptions')}")
            return now == state

        wait_for(f"job {job} is {state}", reached, timeout)

    def wait_running(self, job, timeout=60):
        """All tasks RUNNING."""
        self.wait_state(job, "RUNNING", timeout)
        wait_for(
            f"all tasks of {job} run",
            lambda: all(v["tasks"].get("RUNNING") == v["parallelism"] for v in self.job(job)["vertices"]),
            timeout,
        )

    def completed_checkpoints(self, job):
        return self.get(f"/jobs/{job}/checkpoints").get("count", 0)

    def restarts(self, job):
        vertex = self.job(job)["vertices"][0]["id"]
        return max(task["attempt"] for task in self.get(f"/jobs/{job}/vertices/{vertex}")["subtasks"])

    def wait_checkpoints(self, job, count, timeout=60):
        wait_for(f"{count} checkpoints of {job}", lambda: self.completed_checkpoints(job) >= count, timeout)

    # ---- processes

    def workers(self, taskmanager=None):
        """Pids of the worker processes of one task manager, or of all."""
        daemons = [taskmanager] if taskmanager else self.taskmanagers
        parents = {d.pid for d in daemons if d.process.poll() is None}
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                sweeps = b"--sweep" in (entry / "cmdline").read_bytes()  # Each task manager has one.
            except OSError:
                continue
            if int(fields[1]) in parents and fields[0] != "Z" and not sweeps:
                pids.append(int(entry.name))
        return sorted(pids)

    def files(self, directory):
        return sorted(files_below(directory))
