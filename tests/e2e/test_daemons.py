"""Daemons and scripts of the installation: starts that work, starts that cannot, ordered stops, HTTP."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

from cluster import BIN, DIST, EXAMPLES, Cluster, free_port, wait_for
from jobs_build import build


class Folder:
    """A configuration of its own for one daemon that is expected to end by itself."""

    def __init__(self, text):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        (self.path / "flink-conf.yaml").write_text(text)

    def start(self, daemon, *arguments, timeout=20):
        done = subprocess.run(
            [BIN / daemon, "--configDir", self.path, *arguments], capture_output=True, text=True, timeout=timeout
        )
        shutil.rmtree(self.path)
        return done


class StartTest(unittest.TestCase):
    def cannot_start(self, daemon, text, *words, arguments=()):
        done = Folder(text).start(daemon, *arguments)
        self.assertEqual(done.returncode, 1, done.stderr)
        last = [line for line in done.stderr.splitlines() if line.startswith(f"{daemon}: ")]
        self.assertEqual(len(last), 1, done.stderr)
        for word in words:
            self.assertIn(word, last[0])

    def jobmanager_cannot_start(self, text, *words):
        self.cannot_start("weir-jobmanager", f"jobmanager.rpc.port: {free_port()}\n{text}\n", *words)

    def test_wrong_value_names_key_value_file_and_line(self):
        self.jobmanager_cannot_start("jobmanager.web.port: many", "jobmanager.web.port", "many", "flink-conf.yaml:2")

    def test_unknown_key_names_the_nearest(self):
        self.jobmanager_cannot_start("state.backnd: filesystem", "state.backnd", "state.backend")

    def test_key_given_twice(self):
        self.jobmanager_cannot_start("parallelism.default: 1\nparallelism.default: 2", "parallelism.default")

    def test_unknown_savepoint_backend(self):
        self.jobmanager_cannot_start("savepoints.state.backend: tape", "savepoints.state.backend", "tape")

    def test_filesystem_without_directory(self):
        self.jobmanager_cannot_start("state.backend: filesystem", "state.backend.fs.checkpointdir")

    def test_port_that_is_taken(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            self.cannot_start("weir-jobmanager", f"jobmanager.rpc.port: {port}\njobmanager.web.port: 0\n", str(port))
            self.cannot_start(
                "weir-jobmanager", f"jobmanager.rpc.port: {free_port()}\njobmanager.web.port: {port}\n", str(port)
            )

    def test_missing_configuration_directory(self):
        for daemon in ("weir-jobmanager", "weir-taskmanager"):
            done = subprocess.run([BIN / daemon, "--configDir", "/nowhere"], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 1)
            self.assertIn("/nowhere", done.stderr)

    def test_wrong_usage(self):
        for daemon in ("weir-jobmanager", "weir-taskmanager"):
            done = subprocess.run([BIN / daemon, "--no-such-option"], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2, done.stderr)

    def test_a_task_managers_unusable_tmp_directory(self):
        self.cannot_start("weir-taskmanager", "taskmanager.tmp.dirs: /proc/nothing\n", "/proc/nothing")

    def test_a_real_flink_configuration_starts(self):
        text = """
jobmanager.rpc.address: localhost
jobmanager.rpc.port: {rpc}
jobmanager.heap.mb: 256
taskmanager.heap.mb: 512
taskmanager.numberOfTaskSlots: 1
taskmanager.memory.preallocate: false
parallelism.default: 1
jobmanager.web.port: {web}
# state.backend: filesystem
taskmanager.network.numberOfBuffers: 2048
env.java.opts: -XX:+UseG1GC
akka.ask.timeout: 20 s
savepoints.state.backend: filesystem
"""
        with Cluster(task_managers=0) as cluster:
            cluster.jobmanager.stop()
            (cluster.conf_dir / "flink-conf.yaml").write_text(text.format(rpc=cluster.rpc_port, web=cluster.web_port))
            cluster.start_jobmanager()
            log = cluster.jobmanager.log.read_text()
            self.assertIn("env.java.opts", log)
            # A file store without a directory: the job manager's heap, with a warning.
            self.assertIn("savepoints.state.backend.fs.dir", log)


class HttpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()
        cls.cluster = Cluster(task_managers=1, slots=2)
        cls.cluster.start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def test_a_foreign_host_is_refused_and_other_sites_read_the_overview_alone(self):
        def ask(path, host):
            request = urllib.request.Request(f"http://127.0.0.1:{self.cluster.web_port}{path}", headers={"Host": host})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status, answer.headers.get("Access-Control-Allow-Origin")
            except urllib.error.HTTPError as error:
                return error.code, error.headers.get("Access-Control-Allow-Origin")

        self.assertEqual(ask("/overview", "localhost"), (200, "*"))
        self.assertEqual(ask("/jobs", f"127.0.0.1:{self.cluster.web_port}"), (200, None))
        self.assertEqual(ask("/jobs", socket.gethostname()), (200, None))
        self.assertEqual(ask("/jobs", "evil.example"), (403, None))
        self.assertEqual(ask("/overview", "evil.example"), (403, None))

    def test_what_a_task_manager_does_not_have_is_not_said_of_itself(self):
        one = self.cluster.get("/taskmanagers")["taskmanagers"][0]["id"]
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.cluster.get(f"/taskmanagers/{one}/log")
        said = refused.exception.read().decode()
        self.assertIn(f"task manager {one} has nothing of that name", said)

    def test_http_at_the_place_of_rpc_is_named(self):
        done = self.cluster.weir("list", "-m", f"127.0.0.1:{self.cluster.web_port}", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("answers HTTP", done.stderr)

    def test_fields_are_those_of_flink(self):
        get = self.cluster.get
        self.assertLessEqual(
            {"taskmanagers", "slots-total", "slots-available", "jobs-running", "jobs-finished", "jobs-cancelled",
             "jobs-failed", "flink-version", "flink-commit"},
            set(get("/overview")),
        )
        self.assertLessEqual(
            {"refresh-interval", "timezone-offset", "timezone-name", "flink-version", "flink-revision"},
            set(get("/config")),
        )
        job = self.cluster.run_detached(self.jobs / "counting", "--count", 10**9, "--rate", 100)
        self.cluster.wait_checkpoints(job, 1)
        self.assertEqual(get("/jobs")["jobs-running"], [job])
        self.assertEqual(get("/joboverview")["running"][0]["jid"], job)
        one = get(f"/jobs/{job}")
        self.assertLessEqual(
            {"jid", "name", "isStoppable", "state", "start-time", "end-time", "duration", "now", "timestamps",
             "vertices", "status-counts", "plan"},
            set(one),
        )
        self.assertLessEqual(
            {"id", "name", "parallelism", "status", "start-time", "end-time", "duration", "tasks", "metrics"},
            set(one["vertices"][0]),
        )
        checkpoints = get(f"/jobs/{job}/checkpoints")
        self.assertLessEqual({"id", "timestamp", "duration", "size"}, set(checkpoints["history"][0]))
        manager = get("/taskmanagers")["taskmanagers"][0]
        self.assertLessEqual(
            {"id", "path", "dataPort", "timeSinceLastHeartbeat", "slotsNumber", "freeSlots", "cpuCores",
             "physicalMemory", "freeMemory", "managedMemory"},
            set(manager),
        )
        self.cluster.weir("cancel", job)
        self.cluster.wait_state(job, "CANCELED")
        self.assertEqual(get("/overview")["jobs-cancelled"], 1)

    def test_what_is_not_there_is_404(self):
        for path in ("/jobs/" + "0" * 32, "/nothing", "/jobs/none"):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"http://127.0.0.1:{self.cluster.web_port}{path}", timeout=10)
            self.assertEqual(caught.exception.code, 404)


class ScriptsTest(unittest.TestCase):
    def test_a_cluster_starts_once_and_stops(self):
        with tempfile.TemporaryDirectory(prefix="weir-e2e-") as folder:
            # A copy elsewhere: the installation runs from wherever it is moved to.
            home = pathlib.Path(folder) / "moved"
            shutil.copytree(DIST, home, symlinks=True)
            web = free_port()
            (home / "conf" / "flink-conf.yaml").write_text(
                f"jobmanager.rpc.address: 127.0.0.1\njobmanager.rpc.port: {free_port()}\n"
                f"jobmanager.web.port: {web}\ntaskmanager.tmp.dirs: {folder}\nenv.pid.dir: {folder}/run\n"
            )
            (home / "conf" / "masters").write_text("localhost:8081\n")
            (home / "conf" / "workers").write_text("# two here\nlocalhost\n127.0.0.1\n")
            environment = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_")}

            def script(name):
                return subprocess.run(
                    [home / "bin" / name], capture_output=True, text=True, timeout=60, env=environment
                )

            def overview():
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{web}/overview", timeout=5) as answer:
                        return json.load(answer)
                except OSError:
                    return None

            started = script("start-cluster.sh")
            try:
                self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
                self.assertIn("Starting cluster.", started.stdout)
                wait_for("two task managers", lambda: (overview() or {}).get("taskmanagers") == 2)
                again = script("start-cluster.sh")
                self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
                self.assertIn("The job manager runs already", again.stdout)
                wait_for("two more task managers", lambda: (overview() or {}).get("taskmanagers") == 4)
                self.assertTrue(list((home / "log").glob("*jobmanager*.log")))
                self.assertTrue(list((home / "log").glob("*taskmanager*.out")))
                job = subprocess.run(
                    [home / "bin" / "weir", "run", build() / "contract_example"],
                    capture_output=True, text=True, timeout=60, env={**environment, "WEIR_CONF_DIR": str(home / "conf")},
                )
                self.assertEqual(job.returncode, 0, job.stderr)
            finally:
                stopped = script("stop-cluster.sh")
            self.assertEqual(stopped.returncode, 0, stopped.stderr)
            self.assertIn("Stopping", stopped.stdout)
            self.assertIsNone(overview())
            nothing = script("stop-cluster.sh").stdout
            self.assertIn("No jobmanager daemon to stop", nothing)
            self.assertEqual(nothing.count("No taskmanager daemon to stop"), 1, "one host with two names")


class Installation:
    """A copy of the installation with a configuration of its own, for the scripts."""

    def __init__(self, more=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        self.home = self.folder / "weir"
        shutil.copytree(DIST, self.home, symlinks=True)
        shutil.rmtree(self.home / "log", ignore_errors=True)
        self.web = free_port()
        self.configure(more)
        (self.home / "conf" / "masters").write_text("localhost\n")
        (self.home / "conf" / "workers").write_text("localhost\nlocalhost\n")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_")}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.configure("")
        self.script("stop-cluster.sh")
        shutil.rmtree(self.folder)

    def configure(self, more):
        (self.home / "conf" / "flink-conf.yaml").write_text(
            f"jobmanager.rpc.address: 127.0.0.1\njobmanager.rpc.port: {free_port()}\n"
            f"jobmanager.web.port: {self.web}\ntaskmanager.tmp.dirs: {self.folder}\n{more}\n"
        )

    def script(self, name, *arguments, home=None, **environment):
        return subprocess.run(
            [(home or self.home) / "bin" / name, *arguments], capture_output=True, text=True, timeout=60,
            env={**self.environment, **environment},
        )

    def pids(self, daemon):
        """Of status, in the order of their starts."""
        return [int(line.split("pid: ")[1].split(")")[0]) for line in
                self.script(f"{daemon}.sh", "status").stdout.splitlines() if "pid: " in line]

    def logs(self, ending):
        return sorted(path.name.split("-taskmanager-")[1][0] for path in (self.home / "log").glob(f"*-taskmanager-*{ending}"))


class WrongUseTest(unittest.TestCase):
    def test_scripts_refuse_what_they_do_not_understand_and_do_nothing(self):
        with Installation() as weir:
            self.assertEqual(weir.script("start-cluster.sh").returncode, 0)
            running = weir.pids("jobmanager") + weir.pids("taskmanager")
            self.assertEqual(len(running), 3)
            for words in (
                ("stop-cluster.sh", "--hepl"), ("stop-cluster.sh", "now"), ("start-cluster.sh", "--force"),
                ("jobmanager.sh", "stop", "--hepl"), ("taskmanager.sh", "stop-all", "1"), ("taskmanager.sh", "strat"),
                ("taskmanager.sh", "start", "--bogus"), ("taskmanager.sh", "start", "-D", "nothing"),
                ("jobmanager.sh", "status", "x"), ("jobmanager.sh", "start", "localhost", "0", "x"), ("taskmanager.sh",),
            ):
                with self.subTest(words=words):
                    refused = weir.script(*words)
                    self.assertEqual((refused.returncode, refused.stdout), (2, ""), refused.stderr)
                    self.assertIn("Usage: " + words[0], refused.stderr)
            self.assertEqual(weir.pids("jobmanager") + weir.pids("taskmanager"), running)

    def test_help_reaches_the_terminal_and_starts_nothing(self):
        with Installation() as weir:
            for words in (
                ("start-cluster.sh", "--help"), ("stop-cluster.sh", "-h"), ("jobmanager.sh", "--help"),
                ("taskmanager.sh", "stop", "--help"), ("jobmanager.sh", "start", "--help"),
                ("taskmanager.sh", "start", "-D", "log.level=DEBUG", "-h"),
            ):
                with self.subTest(words=words):
                    shown = weir.script(*words)
                    self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                    self.assertIn("Usage: ", shown.stdout)
            self.assertIn("Usage: weir-jobmanager", weir.script("jobmanager.sh", "start", "--help").stdout)
            self.assertEqual(weir.pids("jobmanager") + weir.pids("taskmanager"), [])

    def test_a_failed_start_shows_what_it_wrote_and_not_what_earlier_ones_did(self):
        with Installation() as weir:
            first = weir.script("taskmanager.sh", "start", "-D", "no.such.key=1")
            self.assertEqual(first.returncode, 1)
            self.assertIn("no.such.key", first.stderr)
            for words, cause in ((("-D", "taskmanager.tmp.dirs=/proc/x"), "/proc/x"), (("-D", "log.level=LOUD"), "LOUD")):
                again = weir.script("taskmanager.sh", "start", *words)
                self.assertEqual(again.returncode, 1)
                self.assertEqual(again.stderr.count("\n"), 2, again.stderr)
                self.assertIn(cause, again.stderr)

    def test_completion_offers_keys_for_the_command_as_it_is_typed(self):
        with Installation() as weir:
            script = weir.home / "share" / "bash-completion" / "completions" / "weir"
            for words, offered in (
                ("~/weir/bin/weir config jobmanager.rpc.po", "jobmanager.rpc.port"),
                ("~/weir/bin/weir run -D jobmanager.rpc.po", "jobmanager.rpc.port="),
                (f"{weir.home}/bin/weir config sta", "state.backend"),
            ):
                done = subprocess.run(
                    ["bash", "-c", 'source "$1"; compopt() { :; }; read -ra COMP_WORDS <<<"$2"; '
                     'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _weir; printf "%s\n" "${COMPREPLY[@]}"', "-", script, words],
                    capture_output=True, text=True, timeout=20, env={**weir.environment, "HOME": str(weir.folder)},
                )
                self.assertIn(offered, done.stdout.split(), done.stderr)


class PidFileTest(unittest.TestCase):
    def test_status_says_who_runs_and_a_host_named_twice_is_no_warning(self):
        with Installation() as weir:
            none = weir.script("jobmanager.sh", "status")
            self.assertEqual((none.returncode, none.stderr), (1, ""))
            self.assertIn("No jobmanager daemon is running", none.stdout)
            started = weir.script("start-cluster.sh")
            self.assertEqual(started.returncode, 0, started.stderr)
            self.assertNotIn("WARNING", started.stdout + started.stderr)
            self.assertEqual(weir.script("jobmanager.sh", "status").returncode, 0)
            self.assertEqual(len(weir.pids("taskmanager")), 2)
            self.assertIn("[WARNING] 2 instance(s)", weir.script("taskmanager.sh", "start").stdout)

    def test_a_task_manager_takes_the_lowest_free_index(self):
        with Installation() as weir:
            for _ in range(3):
                self.assertEqual(weir.script("taskmanager.sh", "start").returncode, 0)
            self.assertEqual(weir.logs(".log"), ["0", "1", "2"])
            first, second, third = weir.pids("taskmanager")
            os.kill(second, signal.SIGKILL)
            wait_for("it is gone", lambda: weir.pids("taskmanager") == [first, third])
            sizes = [path.stat().st_size for path in sorted((weir.home / "log").glob("*.log"))]
            self.assertTrue(all(sizes), sizes)
            self.assertEqual(weir.script("taskmanager.sh", "start").returncode, 0)
            wait_for("the killed one's log was moved", lambda: weir.logs(".log.1") == ["1"])
            self.assertEqual(weir.logs(".log"), ["0", "1", "2"])

    def test_pid_files_are_found_however_the_directory_is_spelled_and_after_a_move(self):
        with Installation() as weir:
            self.assertEqual(weir.script("jobmanager.sh", "start").returncode, 0)
            self.assertFalse(list(pathlib.Path("/tmp").glob("weir-*-jobmanager.pid")))
            spelled = str(weir.home / "bin" / ".." / "conf") + "/"
            self.assertEqual(weir.script("jobmanager.sh", "status", WEIR_CONF_DIR=spelled).returncode, 0)
            link = weir.folder / "link"
            link.symlink_to(weir.home / "conf")
            self.assertEqual(weir.script("jobmanager.sh", "status", WEIR_CONF_DIR=str(link)).returncode, 0)
            moved = weir.folder / "moved"
            weir.home.rename(moved)
            weir.home = moved
            pid, = weir.pids("jobmanager")
            stopped = weir.script("stop-cluster.sh")
            self.assertIn(f"Stopping jobmanager daemon (pid: {pid})", stopped.stdout)
            self.assertEqual(weir.pids("jobmanager"), [])

    def test_stop_cluster_shows_a_configuration_error_once(self):
        with Installation() as weir:
            self.assertEqual(weir.script("jobmanager.sh", "start").returncode, 0)
            weir.configure("parallelism.default: none")
            stopped = weir.script("stop-cluster.sh")
            self.assertEqual(stopped.returncode, 1)
            self.assertNotIn("daemon to stop", stopped.stdout)
            self.assertEqual(stopped.stderr.count("parallelism.default"), 1, stopped.stderr)
            started = weir.script("taskmanager.sh", "start")
            self.assertEqual(started.returncode, 1)
            self.assertIn("parallelism.default", started.stderr)

    def test_a_pid_file_that_is_a_link_or_of_a_foreign_process_is_not_believed(self):
        with Installation() as weir, subprocess.Popen(["sleep", "1000"]) as sleeper:
            try:
                self.assertEqual(weir.script("jobmanager.sh", "start").returncode, 0)
                pid_file, = (weir.home / "run").iterdir()
                line = pid_file.read_text()
                # A pid that was given to another process, of another name or of the same.
                for forged in (f"{sleeper.pid} {line.split()[1]} 0\n", f"{line.split()[0]} 1 0\n"):
                    pid_file.write_text(forged)
                    self.assertIn("is running anymore", weir.script("jobmanager.sh", "stop").stdout)
                self.assertIsNone(sleeper.poll())
                (weir.folder / "elsewhere").write_text(line)
                pid_file.unlink(missing_ok=True)
                pid_file.symlink_to(weir.folder / "elsewhere")
                refused = weir.script("jobmanager.sh", "stop")
                self.assertEqual(refused.returncode, 1)
                self.assertIn("is a link", refused.stderr)
                pid_file.unlink()
                pid_file.write_text(line)
                os.chmod(weir.home / "run", 0o777)
                self.assertIn("can be written by everyone", weir.script("jobmanager.sh", "stop").stderr)
                os.chmod(weir.home / "run", 0o700)
            finally:
                sleeper.kill()

    def test_standard_error_and_log_go_into_one_file_that_hang_up_opens_again(self):
        with Installation() as weir:
            self.assertEqual(weir.script("jobmanager.sh", "start").returncode, 0)
            log, = (weir.home / "log").glob("*-jobmanager-0-*.log")
            wait_for("it is ready", lambda: "job manager is ready" in log.read_text())
            pid, = weir.pids("jobmanager")
            log.rename(log.with_suffix(".moved"))
            os.kill(pid, signal.SIGHUP)
            wait_for("a new file", lambda: log.exists() and "log opened again" in log.read_text())
            for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                self.assertFalse(os.readlink(descriptor).endswith(".moved"))
            self.assertEqual(os.readlink(f"/proc/{pid}/fd/2"), str(log.resolve()))


class LocalTest(unittest.TestCase):
    """A program started by hand."""

    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def run_by_hand(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_")}
        return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=60, env=environment)

    def test_prints_to_the_terminal_and_returns_from_execute(self):
        done = self.run_by_hand(self.jobs / "misbehaving", "fine")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(line[-1] for line in done.stdout.splitlines() if line[-1] in "123"), ["1", "2", "3"])
        self.assertTrue(done.stdout.endswith("after the end\n"))

    def test_a_second_execute_is_an_error(self):
        done = self.run_by_hand(self.jobs / "misbehaving", "twice")
        self.assertEqual(done.returncode, 1)
        self.assertIn("execute", done.stderr)

    def test_ends_with_1_when_its_job_fails(self):
        done = self.run_by_hand(
            self.jobs / "counting", "--misbehave", "throw", "--at", "100", "--restart", "none"
        )
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(?m)^weir: .*thrown on purpose")
        self.assertEqual(done.stderr.count("thrown on purpose"), 1, done.stderr)

    def test_ends_with_the_cause_when_it_cannot_start(self):
        done = self.run_by_hand(EXAMPLES / "word_count", "--input", "/nowhere/at/all")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("/nowhere/at/all"), 1, done.stderr)

    def test_survives_a_failure_by_restarting(self):
        with tempfile.TemporaryDirectory(prefix="weir-e2e-") as folder:
            done = self.run_by_hand(
                self.jobs / "counting", "--count", 3000, "--rate", 3000, "--misbehave", "throw", "--at", 2000,
                "--marker", f"{folder}/marker", "--out", f"{folder}/out",
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            counts = [line for f in pathlib.Path(folder, "out").iterdir() for line in f.read_text().splitlines()]
            self.assertEqual(len(counts), 100)
            self.assertTrue(all(line.endswith(" 30") for line in counts), counts[:3])


class SignalsTest(unittest.TestCase):
    def test_hang_up_ends_neither_daemon_and_opens_their_logs_again(self):
        with Cluster(task_managers=1, slots=1) as cluster:
            for daemon in (cluster.jobmanager, cluster.taskmanagers[0]):
                daemon.process.send_signal(signal.SIGHUP)
                wait_for("it says so", lambda: "log opened again" in daemon.log.read_text())
                self.assertIsNone(daemon.process.poll())
            self.assertEqual(cluster.overview()["taskmanagers"], 1)

    def test_what_a_killed_job_manager_left_is_swept_by_the_next(self):
        with Cluster(task_managers=0) as cluster:
            def left():
                return sorted(path.name for path in (cluster.folder / "tmp").glob("weir-jobmanager-blobs-*"))

            mine, = left()
            self.assertEqual((cluster.folder / "tmp" / mine).stat().st_mode & 0o777, 0o700)
            cluster.jobmanager.kill()
            self.assertEqual(left(), [mine])
            cluster.start_jobmanager()
            self.assertEqual(len(left()), 1)
            self.assertNotEqual(left(), [mine])

    def test_a_cleaned_temporary_directory_costs_an_upload(self):
        jobs = build()
        with Cluster(task_managers=1, slots=2) as cluster:
            def run():
                return cluster.weir("run", jobs / "counting", "--count", 10, "--restart", "none", check=False)

            first = run()
            self.assertEqual(first.returncode, 0, first.stderr)
            for blobs in (cluster.folder / "tmp").rglob("*blobs*"):
                for path in blobs.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            second = run()
            self.assertEqual(second.returncode, 0, second.stderr)
            for blobs in list((cluster.folder / "tmp").glob("weir-jobmanager-blobs-*")):
                shutil.rmtree(blobs)
            third = run()
            self.assertEqual(third.returncode, 0, third.stderr)
            blobs, = (cluster.folder / "tmp").glob("weir-jobmanager-blobs-*")
            self.assertEqual(blobs.stat().st_mode & 0o777, 0o700)

    def test_a_running_job_whose_program_was_deleted_is_told_to_be_submitted_again(self):
        jobs = build()
        with Cluster(task_managers=1, slots=2) as cluster:
            job = cluster.run_detached(jobs / "counting", "--count", 10**9, "--rate", 100)
            cluster.wait_checkpoints(job, 1)
            for path in (cluster.folder / "tmp").glob("weir-jobmanager-blobs-*/*"):
                path.unlink()
            cluster.taskmanagers[0].kill()  # The next one has to fetch the program.
            cluster.start_taskmanager()
            cluster.wait_state(job, "FAILED")
            cause = cluster.weir("list", "-a").stdout
            self.assertIn("submit the program again", cause)
            self.assertIn("blob.storage.directory", cause)
            self.assertNotIn("correct the program", cause)

    def test_an_orderly_stop_of_a_task_manager_is_told_apart_from_a_kill(self):
        with Cluster(task_managers=2, slots=1) as cluster:
            def losses():
                lines = cluster.jobmanager.log.read_text().splitlines()
                return [line for line in lines if "task manager lost" in line]

            self.assertEqual(cluster.taskmanagers[0].stop(), 0)
            stopped, = wait_for("it is noticed", losses)
            self.assertIn("it was stopped", stopped)
            cluster.taskmanagers[1].kill()
            wait_for("the other is noticed", lambda: len(losses()) == 2)
            self.assertIn("without a farewell (it was killed", losses()[1])

    def test_sigterm_stops_in_order_while_a_job_runs(self):
        jobs = build()
        with Cluster(task_managers=1, slots=2) as cluster:
            job = cluster.run_detached(jobs / "counting", "--count", 10**9, "--rate", 100)
            cluster.wait_running(job)
            workers = cluster.workers()
            self.assertEqual(cluster.taskmanagers[0].stop(), 0)
            self.assertFalse(any(pathlib.Path(f"/proc/{pid}").exists() for pid in workers))
            self.assertEqual(cluster.jobmanager.stop(), 0)

    def test_a_killed_job_manager_ends_its_workers_and_the_task_manager_registers_with_the_next(self):
        jobs = build()
        with Cluster(task_managers=1, slots=2) as cluster:
            job = cluster.run_detached(jobs / "counting", "--count", 10**9, "--rate", 100)
            cluster.wait_checkpoints(job, 1)
            cluster.jobmanager.process.send_signal(signal.SIGKILL)
            cluster.jobmanager.process.wait()
            wait_for("workers gone", lambda: not cluster.workers())
            metadata = next((cluster.checkpoints / job).glob("chk-*/metadata"))
            cluster.start_jobmanager()
            wait_for("registered again", lambda: cluster.overview()["slots-available"] == 2)
            # Its checkpoint files stayed and can be restored by path.
            again = cluster.run_detached(
                jobs / "counting", "--count", 10**9, "--rate", 100, options=("-s", metadata.parent)
            )
            cluster.wait_running(again)


if __name__ == "__main__":
    unittest.main()
