"""Checkpoints, savepoints and what is done to them on file systems of other machines, with installed daemons and real servers."""

import collections
import json
import os
import pathlib
import signal
import sys
import unittest

from cluster import Cluster, EXAMPLES, ROOT
from jobs_build import build
from test_jobs import counts_in, expected

sys.path.append(str(ROOT / "tests" / "services"))  # Behind: a test there has the name of one here.
import services  # noqa: E402

SECRET = "weirsecret"
COUNT = 2000


class RemoteTest:
    """What holds on each of them. `root`: a directory there; `settings`: how it is reached."""

    def start_counting(self, cluster, count=60000, rate=1500):
        job = cluster.run_detached(self.jobs / "counting", "--count", count, "--rate", rate, options=("-p", 2))
        cluster.wait_checkpoints(job, 2)
        return job

    def cluster(self, name, **more):
        root = f"{self.root}/{name}"
        return Cluster(
            task_managers=1,
            slots=4,
            conf={
                **self.settings,
                "state.backend.fs.checkpointdir": f"{root}/checkpoints",
                "savepoints.state.backend": "filesystem",
                "savepoints.state.backend.fs.dir": f"{root}/savepoints",
            },
            **more,
        )

    def test_a_savepoint_there_is_checked_exported_restored_and_disposed(self):
        with self.cluster("whole") as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job)
            self.assertRegex(path, rf"^{self.root}/whole/savepoints/savepoint-[0-9a-f]{{12}}$")
            listed = json.loads(cluster.weir("savepoint", "list", "--json").stdout)["savepoints"]
            self.assertEqual([one["path"] for one in listed], [path])
            self.assertIn("is intact", cluster.weir("savepoint", "verify", path).stdout)
            self.assertIn("fits", cluster.weir("savepoint", "check", path, self.jobs / "counting").stdout)
            shown = json.loads(cluster.weir("savepoint", "inspect", path, "--json").stdout)
            self.assertEqual(shown["jobid"], job)
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            # Out of there, and back to there.
            local = cluster.folder / "copy"
            cluster.weir("savepoint", "export", path, local)
            back = f"{self.root}/whole/back"
            cluster.weir("savepoint", "export", local, back)
            out = cluster.folder / "out"
            cluster.weir("run", "-p", 2, "-s", back, self.jobs / "counting", "--count", 9000, "--out", out)
            self.assertEqual(counts_in(out), expected(9000, 100))
            self.assertIn(" 0 things found.", cluster.weir("fsck").stdout)
            for one in (back, path):
                self.assertIn("disposed", cluster.weir("savepoint", "-d", one).stdout)
            self.assertEqual(self.left("whole"), [])

    def test_a_job_goes_on_from_its_checkpoint_there_when_a_worker_dies(self):
        with self.cluster("killed") as cluster:
            out = cluster.folder / "out"
            job = cluster.run_detached(
                self.jobs / "counting", "--count", 12000, "--rate", 1500, "--out", out, options=("-p", 2)
            )
            cluster.wait_checkpoints(job, 2)
            os.kill(cluster.workers()[0], signal.SIGKILL)
            cluster.wait_state(job, "FINISHED", timeout=90)
            self.assertEqual(counts_in(out), expected(12000, 100))
            self.assertEqual(self.left("killed"), [])


    def start_committing(self, cluster, out, *options, **flags):
        flags = {
            "dir": cluster.folder / "dir", "text": f"{out}/text", "buckets": f"{out}/buckets",
            "count": COUNT, "rate": 1000, **flags,
        }
        words = [word for key, value in flags.items() for word in (f"--{key.replace('_', '-')}", value)]
        return cluster.run_detached(self.jobs / "committing", *words, options=options)

    def test_text_is_written_there_exactly_once(self):
        with self.cluster("text") as cluster:
            for point in ("remote.sealed", "remote.published"):
                with self.subTest(point=point):
                    out = f"{self.root}/text/{point}"
                    first = self.start_committing(cluster, out, "-p", 2, interval=3_600_000, rate=200)
                    cluster.wait_running(first)
                    path = cluster.savepoint(first)
                    cluster.weir("cancel", first)
                    cluster.wait_state(first, "CANCELED")
                    self.leave_copies(f"text/{point}/text")
                    marker = cluster.folder / f"{point}.once"
                    job = self.start_committing(cluster, out, "-p", 3, "-s", path, crash_at=point, marker=marker)
                    cluster.wait_state(job, "FINISHED", timeout=90)
                    self.assertTrue(marker.exists())
                    for sink in ("text", "buckets"):
                        texts = self.texts(f"text/{point}/{sink}")
                        self.assertEqual([name for name in texts if "/." in name], [])
                        lines = collections.Counter(line for text in texts.values() for line in text.splitlines())
                        self.assertEqual(lines, collections.Counter(map(str, range(COUNT))), sink)

    def leave_copies(self, directory):
        """As a worker leaves them that is killed amid a commit."""

    def test_text_is_read_from_there(self):
        self.put("input/a b.txt", "alpha beta alpha\n" * 300)
        self.put("input/below/c.txt", "alpha\r\n" * 200 + "beta")
        with self.cluster("read") as cluster:
            words = cluster.folder / "words"
            cluster.weir("run", "-p", 2, EXAMPLES / "word_count", "--input", f"{self.root}/input", "--output", words)
            read = sorted(
                line for file in words.iterdir() if not file.name.startswith(".") for line in file.read_text().splitlines()
            )
            wanted = {"alpha": 800, "beta": 301}
            self.assertEqual(read, sorted(f"{word} {n}" for word, most in wanted.items() for n in range(1, most + 1)))


class HdfsTest(RemoteTest, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting", "committing")
        cls.hdfs = services.Hdfs(cls)
        cls.root = cls.hdfs.address
        cls.settings = {"fs.hdfs.hadoopconf": cls.hdfs.conf}

    def left(self, name):
        return self.hdfs.files(f"/{name}")

    def texts(self, name):
        return {path: self.hdfs.ask(path, "OPEN").decode() for path in self.hdfs.files(f"/{name}")}

    def put(self, name, text):
        self.hdfs.put(f"/{name}", text)

    def leave_copies(self, directory):
        for name in (".1.0123456789ab.tmp", ".2-1.0123456789ab-1.tmp"):
            self.put(f"{directory}/{name}", "12\n1")

    def test_the_two_lines_of_the_page_work_as_they_stand(self):
        lines = {
            "savepoints.state.backend": "filesystem",
            "savepoints.state.backend.fs.dir": "hdfs:///flink/savepoints",
        }
        # Of Hadoop's configuration only its place is said, as every client of Hadoop is told it.
        with Cluster(conf=lines, daemon_env={"HADOOP_CONF_DIR": str(self.hdfs.conf)}) as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 60000, "--rate", 1500)
            cluster.wait_checkpoints(job, 1)
            path = cluster.savepoint(job)
            self.assertRegex(path, r"^hdfs:/flink/savepoints/savepoint-[0-9a-f]{12}$")
            self.assertIn(f"{pathlib.PurePosixPath(path).name}/metadata", "\n".join(self.hdfs.files("/flink/savepoints")))
            cluster.weir("cancel", job)
            cluster.wait_state(job, "CANCELED")
            out = cluster.folder / "out"
            cluster.weir("run", "-s", path, self.jobs / "counting", "--count", 6000, "--out", out)
            self.assertEqual(counts_in(out), expected(6000, 100))
            self.assertIn("disposed", cluster.weir("savepoint", "-d", path).stdout)
            self.assertEqual(self.hdfs.files("/flink/savepoints"), [])

    def test_a_scheme_that_nobody_has_is_refused_with_those_that_there_are(self):
        with Cluster() as cluster:
            job = cluster.run_detached(self.jobs / "counting", "--count", 60000, "--rate", 500)
            cluster.wait_running(job)
            refused = cluster.weir("savepoint", job, "gs://bucket/savepoints", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("only file:, hdfs:, s3:, webhdfs: are supported", refused.stderr)
            self.assertIn("\n# file: hdfs: s3: webhdfs:\n", cluster.weir("config").stdout)
            self.assertEqual(
                json.loads(cluster.weir("config", "--json").stdout)["schemes"], ["file", "hdfs", "s3", "webhdfs"]
            )
            cluster.weir("cancel", job)


class S3Test(RemoteTest, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("counting", "committing")
        cls.s3 = services.S3(cls)
        cls.root = "s3://weir"
        cls.settings = {
            "s3.endpoint": cls.s3.endpoint,
            "s3.access-key": cls.s3.KEY,
            "s3.secret-key": cls.s3.SECRET,
        }

    def left(self, name):
        return self.s3.files(name)

    def texts(self, name):
        return {str(path): path.read_text() for path in self.s3.paths(name)}

    def put(self, name, text):
        self.s3.put(name, text)

    def test_the_secret_stands_nowhere_but_where_it_was_written(self):
        with self.cluster("secret") as cluster:
            job = self.start_counting(cluster)
            path = cluster.savepoint(job)
            said = {arguments: cluster.weir(*arguments).stdout for arguments in (
                ("config",), ("config", "--json"), ("config", "s3.secret-key"), ("savepoint", "inspect", path))}
            for page in ("/jobmanager/config", "/config", f"/jobs/{job}", f"/jobs/{job}/config", "/overview"):
                said[page] = json.dumps(cluster.try_get(page))
            wrong = cluster.weir("savepoint", job, "s3://not-there/x", check=False)
            said["an error"] = wrong.stdout + wrong.stderr
            daemons = [cluster.jobmanager, *cluster.taskmanagers]
            for process in [daemon.pid for daemon in daemons] + cluster.workers():
                for name in ("cmdline", "environ"):
                    said[process, name] = pathlib.Path(f"/proc/{process}/{name}").read_text(errors="replace")
            for daemon in daemons:
                said[daemon.name] = daemon.log.read_text() + daemon.out.read_text()
            for file in [*self.s3.paths("secret"), *cluster.folder.rglob("*")]:
                if file.is_file() and file.name != "flink-conf.yaml":  # In which it was written.
                    said[file] = file.read_bytes().decode(errors="replace")
            self.assertEqual([where for where, text in said.items() if SECRET in text], [])
            self.assertIn("s3.secret-key: ******", said["config",])
            cluster.weir("cancel", job)
            cluster.weir("savepoint", "-d", path)

    def test_keys_of_the_daemons_environment_reach_workers_which_have_none(self):
        settings, self.settings = self.settings, {"s3.endpoint": self.s3.endpoint}
        environment = {"AWS_ACCESS_KEY_ID": self.s3.KEY, "AWS_SECRET_ACCESS_KEY": self.s3.SECRET}
        try:
            with self.cluster("environment", daemon_env=environment) as cluster:
                job = self.start_counting(cluster)
                self.assertIn("/environment/savepoints/", cluster.savepoint(job))
                cluster.weir("cancel", job)
        finally:
            self.settings = settings


if __name__ == "__main__":
    unittest.main()
