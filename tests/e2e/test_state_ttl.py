"""State that expires, on real daemons: it is left out of savepoints, and the clock runs on while the job is down."""

import collections
import json
import unittest

from cluster import Cluster, wait_for
from jobs_build import build

ROCKS = ("-D", "state.backend=rocksdb", "-D", "state.backend.rocksdb.cache-memory=64 kb")
LONG = 3_600_000


class StateTtlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build("expiring")
        cls.cluster = Cluster(task_managers=2, slots=2)
        cls.cluster.start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def setUp(self):
        self.folder = self.cluster.folder / self._testMethodName
        self.folder.mkdir()

    def start(self, name, ttl, *options):
        """A job whose lines go to a folder of this name."""
        job = self.cluster.run_detached(
            self.jobs / "expiring", "--ttl", ttl, "--again", self.folder / "again", "--out", self.folder / name,
            options=("-p", 2, *options),
        )
        self.addCleanup(self.cluster.weir, "cancel", job, check=False)
        self.cluster.wait_running(job)
        return job

    def lines(self, name):
        """(key, count) of all that is committed."""
        files = [file for file in (self.folder / name).glob("*") if file.is_file() and not file.name.startswith(".")]
        return [tuple(map(int, line.split())) for file in files for line in file.read_text().splitlines()]

    def counts(self, name, until):
        """How often each key has been counted at most, once the condition holds for that."""
        found = {}

        def reached():
            found.clear()
            for key, count in self.lines(name):
                found[key] = max(found.get(key, 0), count)
            return until(found)

        wait_for(f"the counts of {name}", reached, 60)
        return found

    def first(self, name):
        """The first count of each key."""
        firsts = collections.defaultdict(list)
        for key, count in self.lines(name):
            firsts[key].append(count)
        return {key: min(counts) for key, counts in firsts.items()}

    def dump(self, path, state="counts/count"):
        return [json.loads(line) for line in
                self.cluster.weir("savepoint", "inspect", path, "--dump", state).stdout.splitlines()]

    def savepoint_of_all(self, ttl, *options):
        """A savepoint that holds all fifty keys, and the job that goes on."""
        job = self.start("first", ttl, *options)
        self.counts("first", lambda found: len(found) == 50)
        return job, self.cluster.savepoint(job, self.cluster.savepoints)

    def restored(self, name, path, ttl, *options):
        (self.folder / "again").touch()
        job = self.start(name, ttl, "-s", path, *options)
        self.counts(name, lambda found: len(found) == 50)
        self.cluster.weir("cancel", job)
        return self.first(name)

    def test_expired_entries_leave_savepoints_though_nobody_reads_them(self):
        for options in ((), ROCKS):
            with self.subTest(options=options):
                name = "rocks" if options else "heap"
                job = self.start(name, 3000, *options)
                wait_for("only the key that comes is left",
                         lambda: len(self.dump(self.cluster.savepoint(job, self.cluster.savepoints))) == 1, 60)
                self.cluster.weir("cancel", job)

    def test_the_clock_runs_on_while_the_job_is_down(self):
        job, path = self.savepoint_of_all(LONG)
        self.cluster.weir("cancel", job)
        entries = self.dump(path)
        self.assertEqual(len(entries), 51)
        self.assertEqual(set(entries[0]["value"]), {"value", "last access"})
        self.assertEqual(self.restored("alive", path, LONG, *ROCKS), {key: 2 for key in range(50)})
        self.assertEqual(self.restored("expired", path, 1), {key: 1 for key in range(50)})

    def test_a_time_to_live_may_be_switched_off_and_on_over_a_restore(self):
        job, path = self.savepoint_of_all(LONG)
        self.cluster.weir("cancel", job)
        program = (self.jobs / "expiring", "--ttl", 0, "--again", "x", "--out", self.folder / "none")
        self.assertIn(" fits ", self.cluster.weir("savepoint", "check", path, *program).stdout)
        self.assertEqual(self.restored("off", path, 0), {key: 2 for key in range(50)})

        (self.folder / "again").unlink()
        job = self.start("plain", 0, *ROCKS)
        self.counts("plain", lambda found: len(found) == 50)
        path = self.cluster.savepoint(job, self.cluster.savepoints)
        self.cluster.weir("cancel", job)
        self.assertEqual(self.restored("on", path, LONG), {key: 2 for key in range(50)})

    def test_savepoints_are_compared_by_what_has_not_expired(self):
        job, path = self.savepoint_of_all(LONG)
        later = self.cluster.savepoint(job, self.cluster.savepoints)
        self.cluster.weir("cancel", job)
        said = self.cluster.weir("savepoint", "diff", path, later, check=False).stdout
        self.assertIn("count", said)
        self.cluster.weir("savepoint", "verify", later)


if __name__ == "__main__":
    unittest.main()
