"""Which state an operator without a uid gets, and what a job manager refuses and keeps of its clients' jobs."""

import json
import unittest

from cluster import Cluster
from jobs_build import build


class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.job = build() / "identity"

    def savepoint(self, cluster):
        job = cluster.run_detached(self.job)
        cluster.wait_checkpoints(job, 2)
        path = cluster.savepoint(job, cluster.savepoints)
        cluster.weir("cancel", job)
        cluster.wait_state(job, "CANCELED")
        return path

    def ids(self, cluster, *arguments):
        plan = json.loads(cluster.weir("info", self.job, *arguments).stdout)
        return {o["name"]: o["id"] for v in plan["vertices"] for o in v["operators"]}

    def test_an_inserted_operator_does_not_get_its_neighbours_state(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            path = self.savepoint(cluster)
            refused = cluster.weir("run", "-d", "-s", path, self.job, "inserted", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("'A' (map) -> ['B' (map)] -> 'Filter'", refused.stderr)
            self.assertIn("'A' (map) -> ['C' (map)] -> 'B' (map) -> 'Filter'", refused.stderr)
            second = cluster.weir("run", "-d", "-s", path, self.job, "second", check=False)
            self.assertEqual(second.returncode, 1)
            before, now = self.ids(cluster), self.ids(cluster, "inserted")
            self.assertEqual(before["B"], now["C"])
            for options, restored in (
                ((), {"A", "B"}),
                (("--map", f"{before['A']}={now['A']}", "--map", f"{before['B']}={now['B']}"), {"A", "B"}),
                (("-n",), set()),
            ):
                with self.subTest(options=options):
                    change = ("inserted",) if options else ()
                    done = cluster.weir("run", "-d", "-s", path, *options, self.job, *change)
                    job = done.stdout.split("JobID ")[1].split()[0]
                    cluster.wait_running(job)
                    cluster.weir("cancel", job)
                    cluster.wait_state(job, "CANCELED")
                    matched = done.stderr.split("Starts empty")[0]
                    self.assertEqual({name for name in "ABC" if f"'{name}' (no uid" in matched}, restored)

    def test_a_failure_of_megabytes_is_cut_and_keeps_its_first_words(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            done = cluster.weir("run", "-D", "restart-strategy=none", self.job, "failing", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("first words xxx", done.stderr)
            self.assertLess(len(done.stderr), 80 << 10)
            job = done.stdout.split("JobID ")[1].split()[0]
            exceptions = cluster.get(f"/jobs/{job}/exceptions")
            self.assertIn("first words xxx", exceptions["root-exception"])
            self.assertLess(len(json.dumps(exceptions)), 64 << 10)

    def test_names_that_would_forge_a_line_are_refused(self):
        with Cluster(task_managers=1, slots=2) as cluster:
            for name in ("a\nb", "\x1b[2J"):
                refused = cluster.weir("run", "-d", self.job, "same", name, check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn("control character", refused.stderr)
            self.assertEqual(cluster.weir("list").stdout.strip().splitlines(), ["No running jobs.", "No scheduled jobs."])


if __name__ == "__main__":
    unittest.main()
