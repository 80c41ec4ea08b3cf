"""Task managers that are none: registered over real gRPC, and then up to something."""

import unittest

from hostile import HostileTest
from cluster import wait_for


class TaskManagersTest(HostileTest):
    # Reports that are worked on; they end with the session.
    grown_megabytes = 300

    def pretend(self, manner, slots=1, millis=3000, seed=1, *more):
        process = self.start_hostile("taskmanager", manner, slots, millis, seed, *more)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        wait_for("it is gone", lambda: self.cluster.overview()["taskmanagers"] == self.task_managers, 30)
        return out.strip()

    def test_reports_of_any_content_change_nothing(self):
        for seed in (1, 2):
            self.pretend("random", 1, 3000, seed)

    def test_more_updates_than_the_job_manager_can_take(self):
        self.pretend("flood")

    def test_updates_with_causes_of_30_megabytes(self):
        self.pretend("large")

    def test_one_that_reads_nothing_is_given_up(self):
        self.pretend("deaf", 1, 5000)

    def test_an_acknowledgement_that_names_a_file_of_somebody_else_does_not_delete_it(self):
        victim = self.cluster.folder / "victim"
        victim.write_text("somebody else's")
        for location in (victim, f"file:{victim}", "../../victim"):
            forger = self.start_hostile("taskmanager", "forger", 8, 6000, 1, location)
            wait_for("it is registered", lambda: self.cluster.overview()["taskmanagers"] == 2, 20)
            self.hostile("submit", "valid", 3)  # More slots than the others have left.
            forger.communicate(timeout=60)
            self.end_jobs()
            self.assertEqual(victim.read_text(), "somebody else's", location)

    def end_jobs(self):
        for job in self.cluster.get("/joboverview")["running"]:
            if job["jid"] != self.job:
                self.cluster.weir("cancel", job["jid"], check=False)
        wait_for("the others have ended", lambda: len(self.cluster.get("/joboverview")["running"]) == 1, 60)


if __name__ == "__main__":
    unittest.main()
