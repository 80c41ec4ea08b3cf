"""Job managers that ZooKeeper chooses a leader among: no job is lost, and no two are ever obeyed (recovery.mode: zookeeper)."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from cluster import ROOT, free_port, wait_for
from high_availability import SESSION, HighAvailability, Partition, PortTaker
from jobs_build import build
from test_jobs import counts_in, expected

sys.path.append(str(ROOT / "tests" / "services"))  # Behind: a test there has the name of one here.
import services  # noqa: E402

STORE_POINTS = (
    "zookeeper-store.founded",
    "zookeeper-store.epoch-raised",
    "leader.published",
    "zookeeper-store.file-written",
    "zookeeper-store.written",
    "zookeeper-store.files-removed",
)


class HighAvailabilityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = services.ZooKeeper(cls, servers=3)
        cls.counting = build("counting") / "counting"
        cls.lateness = build("lateness") / "lateness"

    def cluster(self, **more):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-ha-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return HighAvailability(self.ensemble, folder, **more)

    def count(self, cluster, *arguments):
        job = cluster.run_detached(self.counting, *arguments, options=("-p", 2))
        cluster.wait_running(job)
        cluster.wait_checkpoints(job, 2)
        return job

    def assert_adopted(self, cluster, job):
        said = wait_for("what becomes of the attempt", lambda: (cluster.try_get(f"/jobs/{job}") or {}).get("adoption"))
        self.assertRegex(said, r"^adopted attempt 1 after \d+ ms$")
        self.assertEqual(cluster.restarts(job), 0)

    def test_a_standby_goes_on_with_the_job_of_a_killed_leader_and_no_record_waits(self):
        with self.cluster() as cluster:
            late = cluster.folder / "late"
            job = cluster.run_detached(self.lateness, late, 1000, 200, options=("-p", 2))
            cluster.wait_running(job)
            cluster.wait_checkpoints(job, 3)
            first = cluster.wait_leader()
            killed, at = time.monotonic(), time.time()
            cluster.kill(first)
            cluster.wait_leader(but=first)
            cluster.get(f"/jobs/{job}")  # Who leads knows it from the first answer on.
            took = cluster.wait_next_checkpoint(job) - killed
            print(f"from kill -9 of the leader to the next completed checkpoint: {took:.2f} s, session {SESSION} s")
            self.assert_adopted(cluster, job)
            self.assertLess(took, SESSION + 1)
            completed = time.time()
            lines = [line.split() for path in late.parent.glob("late-*") for line in path.read_text().splitlines()]
            worst = max(int(micros) for tenth, micros in lines if at <= int(tenth) / 10 <= completed)
            self.assertLess(worst, 500_000)
            self.assertEqual(cluster.check_history(), [1, 2])
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.wait_nothing_left()

    def test_each_record_counts_once_through_fail_overs_and_nothing_is_left(self):
        with self.cluster(masters=3) as cluster:
            out = cluster.folder / "out"
            job = self.count(cluster, "--count", 24000, "--rate", 1000, "--out", out)
            for _ in range(2):
                leader = cluster.wait_leader()
                cluster.kill(leader)
                cluster.wait_leader(but=leader)
                self.assert_adopted(cluster, job)
                cluster.wait_next_checkpoint(job)
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(24000, 100))
            self.assertEqual(cluster.check_history(), [1, 2, 3])
            cluster.wait_nothing_left()

    def test_a_leader_that_was_stopped_for_longer_than_its_session_orders_nothing_afterwards(self):
        with self.cluster() as cluster:
            out = cluster.folder / "out"
            job = self.count(cluster, "--count", 20000, "--rate", 1000, "--out", out)
            first = cluster.wait_leader()
            first.freeze()
            second = cluster.wait_leader(but=first)
            cluster.wait_next_checkpoint(job)
            first.thaw()
            wait_for("it waits as standby", first.waits)
            self.assertIsNone(first.process.poll())  # The same process.
            self.assertIn("does not lead any more", first.log.read_text())
            self.assertTrue(second.leads())
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(20000, 100))
            self.assertEqual(cluster.check_history(), [1, 2])
            cluster.wait_nothing_left()

    def test_who_led_and_whose_port_is_taken_stands_in_line_and_answers_once_it_is_free(self):
        with self.cluster() as cluster:
            job = self.count(cluster, "--count", 1000000, "--rate", 500)
            first = cluster.wait_leader()
            taking = PortTaker(first.web_port)
            self.addCleanup(taking.close)
            first.freeze()
            second = cluster.wait_leader(but=first)
            first.thaw()
            wait_for("its port is another's", taking.has_it)
            wait_for("it says so", lambda: "answers nobody yet" in first.log.read_text())
            self.assertIsNone(first.process.poll())  # The same process.
            taking.close()
            wait_for("it answers as standby", first.waits)
            self.assertTrue(second.leads())
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.check_history()

    def test_a_leader_that_is_cut_off_from_zookeeper_alone_orders_nothing_and_waits_until_it_is_back(self):
        partition = Partition([self.ensemble.port + i for i in range(3)])
        self.addCleanup(partition.close)
        # It would give up soon if it had not worked before.
        conf = {
            "recovery.zookeeper.client.connection-timeout": "1 s",
            "recovery.zookeeper.client.max-retry-attempts": 0,
        }
        with self.cluster(quorum=partition.quorum, conf=conf) as cluster:
            out = cluster.folder / "out"
            job = self.count(cluster, "--count", 20000, "--rate", 1000, "--out", out)
            first = cluster.wait_leader()
            cut = time.monotonic()
            partition.cut()
            wait_for("it knows by itself", lambda: "does not lead any more" in first.log.read_text())
            self.assertLess(time.monotonic() - cut, SESSION + 0.5)
            cluster.wait_leader(but=first)
            cluster.wait_next_checkpoint(job)
            time.sleep(2)  # Longer than it would try.
            self.assertIsNone(first.process.poll())
            partition.mend()
            wait_for("it knows who leads", lambda: "waits as standby" in first.log.read_text())
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(20000, 100))
            self.assertEqual(cluster.check_history(), [1, 2])
            cluster.wait_nothing_left()

    def test_a_leader_that_is_stopped_in_order_leaves_its_jobs_to_the_next_at_once(self):
        with self.cluster() as cluster:
            job = self.count(cluster, "--count", 1000000, "--rate", 500)
            first = cluster.wait_leader()
            began = time.monotonic()
            self.assertEqual(first.stop(), 0)
            cluster.restart(first)
            cluster.wait_leader(but=first)
            self.assertLess(time.monotonic() - began, 5)
            self.assert_adopted(cluster, job)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.wait_nothing_left()

    def test_who_knows_only_zookeeper_follows_the_leader_to_another_address(self):
        with self.cluster() as cluster:
            job = self.count(cluster, "--count", 1000000, "--rate", 500)
            first = cluster.wait_leader()
            first.kill()  # Nobody comes back to the configured address.
            first.process.wait()
            second = cluster.wait_leader(but=first)
            cluster.wait_task_managers()
            self.assert_adopted(cluster, job)
            self.assertIn(job, cluster.weir("list").stdout)
            third = cluster.start_master()
            wait_for("it waits", third.waits)
            wait_for(
                "its command line reaches the leader",
                lambda: job in cluster.weir("list", "-m", f"127.0.0.1:{third.rpc_port}", check=False).stdout,
            )
            # The command line may have found the leader by itself, before this one heard of it.
            answered = wait_for("it points to the leader", lambda: third.points_to(f"/jobs/{job}?a=b"))
            self.assertEqual(answered, f"http://127.0.0.1:{second.web_port}/jobs/{job}?a=b")
            taking = cluster.begin_weir(self, "savepoint", "-m", f"127.0.0.1:{third.rpc_port}", job)
            said, failed = taking.communicate(timeout=60)
            self.assertEqual(taking.returncode, 0, said + failed)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.check_history()

    def test_the_scripts_start_and_stop_all_masters(self):
        cluster = self.cluster()
        ports = [free_port(), free_port()]
        cluster.write_conf()
        (cluster.conf_dir / "masters").write_text("".join(f"localhost:{port}\n" for port in ports))
        (cluster.conf_dir / "workers").write_text("localhost\n")
        environment = {**cluster.environment(), "WEIR_LOG_DIR": str(cluster.folder / "log"), "WEIR_PID_DIR": str(cluster.folder / "run")}

        def script(name):
            return subprocess.run(
                [cluster.dist / "bin" / name], env=environment, capture_output=True, text=True, timeout=120
            )

        started = script("start-cluster.sh")
        try:
            self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
            self.assertIn("Starting HA cluster with 2 masters and 3 peers in ZooKeeper quorum.", started.stdout)
            self.assertEqual(started.stdout.count("Starting jobmanager daemon"), 2)
            self.assertNotIn("WARNING", started.stdout + started.stderr)

            def overview():
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/overview", timeout=5) as answer:
                        return json.load(answer)  # By a redirection, or by itself.
                except OSError:
                    return {}

            wait_for("its task manager has registered", lambda: overview().get("taskmanagers") == 1)
            listed = cluster.weir("list").stdout
            self.assertIn("No running jobs", listed)
        finally:
            stopped = script("stop-cluster.sh")
        self.assertEqual(stopped.returncode, 0, stopped.stdout + stopped.stderr)
        self.assertEqual(stopped.stdout.count("Stopping jobmanager daemon"), 2)

    def test_no_leader_without_a_quorum_and_the_job_goes_on_when_it_is_back(self):
        with self.cluster() as cluster:
            out = cluster.folder / "out"
            job = self.count(cluster, "--count", 30000, "--rate", 1000, "--out", out)
            for server in (0, 1):
                self.ensemble.only("kill", server)
            try:
                wait_for("nobody leads", lambda: not cluster.leader(), 30)
            finally:
                for server in (0, 1):
                    self.ensemble.only("start", server)
            cluster.wait_leader(timeout=60)
            cluster.wait_next_checkpoint(job)
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(30000, 100))
            cluster.check_history()
            cluster.wait_nothing_left()

    def test_commands_through_a_fail_over_have_one_effect_and_one_answer(self):
        with self.cluster(slots=2) as cluster:
            job = self.count(cluster, "--count", 1000000, "--rate", 500)
            leader = cluster.wait_leader()
            taking = cluster.begin_weir(self, "savepoint", job)
            submitting = cluster.begin_weir(self, "run", "-d", "-p", 2, self.counting, "--count", 1000000, "--rate", 100)
            time.sleep(0.3)  # Wherever they are by then.
            cluster.kill(leader)
            said, failed = taking.communicate(timeout=90)
            self.assertEqual(taking.returncode, 0, said + failed)
            path = re.search(r"^Savepoint completed\. Path: file:(\S+)$", said, re.M).group(1)
            said, failed = submitting.communicate(timeout=90)
            self.assertEqual(submitting.returncode, 0, said + failed)
            cluster.wait_leader(but=leader)
            self.assertEqual([str(one) for one in cluster.savepoints.iterdir()], [path])
            wait_for("both jobs run", lambda: len(cluster.get("/jobs")["jobs-running"]) == 2)
            running = cluster.get("/jobs")["jobs-running"]
            disposing = cluster.begin_weir(self, "savepoint", "-d", path)
            cancelling = [cluster.begin_weir(self, "cancel", one) for one in running]
            cluster.kill(cluster.wait_leader())
            for command in [disposing, *cancelling]:
                said, failed = command.communicate(timeout=90)
                self.assertEqual(command.returncode, 0, said + failed)
            cluster.wait_leader()
            self.assertEqual(list(cluster.savepoints.iterdir()), [])
            cluster.check_history()
            cluster.wait_nothing_left(timeout=60)

    def test_job_managers_wait_for_a_storage_that_is_away_and_go_on_with_the_job_when_it_is_back(self):
        with self.cluster() as cluster:
            job = self.count(cluster, "--count", 1000000, "--rate", 500)
            first = cluster.wait_leader()
            away = cluster.storage.with_name("away")
            cluster.storage.rename(away)
            cluster.storage.write_text("No directory can be made here.")
            standby = next(one for one in cluster.living() if one is not first)
            first.kill()
            wait_for("it cannot lead", lambda: "cannot lead for now" in standby.log.read_text(), 30)
            wait_for("nor again", lambda: standby.log.read_text().count("cannot lead for now") > 1, 30)
            cluster.storage.unlink()
            away.rename(cluster.storage)
            self.assertIs(cluster.wait_leader(), standby)
            self.assertIsNone(standby.process.poll())
            cluster.wait_running(job)
            cluster.wait_next_checkpoint(job)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            cluster.wait_nothing_left()

    def test_all_that_is_large_may_lie_in_hdfs(self):
        hdfs = services.Hdfs(type(self))
        conf = {
            "fs.hdfs.hadoopconf": hdfs.conf,
            "recovery.zookeeper.storageDir": f"{hdfs.address}/ha",
            "state.backend.fs.checkpointdir": f"{hdfs.address}/checkpoints",
        }
        with self.cluster(conf=conf) as cluster:
            out = cluster.folder / "out"
            job = self.count(cluster, "--count", 16000, "--rate", 1000, "--out", out)
            self.assertTrue([path for path in hdfs.files("/ha") if "/records/record-1-" in path], hdfs.files("/ha"))
            leader = cluster.wait_leader()
            cluster.kill(leader)
            cluster.wait_leader(but=leader)
            self.assert_adopted(cluster, job)
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(16000, 100))
            cluster.wait_nothing_left()
            wait_for(
                "nothing but the programs' cache is left",
                lambda: not [path for path in hdfs.files("/ha") + hdfs.files("/checkpoints") if "/blobs/" not in path],
            )

    def test_a_job_manager_that_dies_at_any_point_of_the_store_loses_no_job_and_leaves_nothing(self):
        for point in STORE_POINTS:
            with self.subTest(point=point), self.cluster(crash_at=point, task_managers=1, slots=2) as cluster:
                out = cluster.folder / "out"
                dying = cluster.masters[0]
                submitting = cluster.begin_weir(
                    self, "run", "-d", "-p", 2, self.counting, "--count", 6000, "--rate", 1500, "--out", out
                )
                self.assertEqual(wait_for(f"killed at {point}", lambda: dying.process.poll(), 60), -9)
                if len(cluster.masters) == 2:  # Else another one was started in its place already.
                    cluster.restart(dying)
                said, failed = submitting.communicate(timeout=90)
                self.assertEqual(submitting.returncode, 0, said + failed)
                wait_for("all is counted", lambda: out.exists() and counts_in(out) == expected(6000, 100), 90)
                cluster.wait_nothing_left()
                cluster.check_history()

    def test_what_cannot_work_is_said_with_the_key(self):
        cluster = self.cluster()
        for key, value in (("recovery.zookeeper.quorum", None), ("recovery.zookeeper.storageDir", None),
                           ("recovery.zookeeper.storageDir", "relative"), ("recovery.zookeeper.path.root", "/")):
            before, cluster.conf[key] = cluster.conf[key], value
            cluster.write_conf()
            master = cluster.start_master()
            self.assertEqual(wait_for("it ends", lambda: master.process.poll()), 1)
            self.assertIn(key, master.log.read_text())
            cluster.conf[key] = before
        cluster.conf["recovery.zookeeper.quorum"] = "127.0.0.1:1"
        cluster.conf["recovery.zookeeper.client.connection-timeout"] = "300 ms"
        cluster.conf["recovery.zookeeper.client.max-retry-attempts"] = 1
        cluster.write_conf()
        master = cluster.start_master()
        self.assertEqual(wait_for("it gives up", lambda: master.process.poll()), 1)
        self.assertIn("127.0.0.1:1", master.log.read_text())


if __name__ == "__main__":
    unittest.main()
