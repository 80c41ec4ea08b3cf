"""`weir savepoint check`: whether a program can take a savepoint back, without a cluster."""

import json
import os
import pathlib
import signal
import subprocess
import unittest

from cluster import Cluster, wait_for
from jobs_build import build


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        jobs = build("checked", "late")
        cls.program = jobs / "checked"
        cls.cluster = Cluster(task_managers=1, slots=4)
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        cls.folder = cls.cluster.folder
        cls.old = cls.cluster.run_detached(cls.program, "first", cls.folder, options=("-p", 2))
        cls.cluster.wait_checkpoints(cls.old, 3)
        document = json.loads(cls.cluster.weir("savepoint", "--json", cls.old, cls.cluster.savepoints).stdout)
        cls.path, cls.data = document["path"], document["points-to"].removeprefix("file:")

    def tearDown(self):
        """The old job knows of nothing."""
        self.assertEqual(self.cluster.job(self.old)["state"], "RUNNING")
        self.assertEqual(self.cluster.restarts(self.old), 0)

    def check(self, version, *options, path=None, p=2, **more):
        return self.cluster.weir(
            "savepoint", "check", "-p", p, *options, path or self.path, self.program, version, self.folder,
            check=False, **more)

    def document(self, version, *options, **more):
        done = self.check(version, "--json", *options, **more)
        return done, json.loads(done.stdout)

    def traces(self):
        return {p.name for p in self.folder.glob("*.checked")}

    def test_says_that_a_program_fits_without_running_any_of_it(self):
        for parallelism in (1, 2, 3, 7):
            with self.subTest(parallelism=parallelism):
                done, document = self.document("again", p=parallelism)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(document["fits"])
                self.assertEqual(document["problems"], [])
                entries = {one["uid"]: one["entries"] for one in document["operators"]}
                self.assertEqual(entries["counts"], 2000)  # Two states of each key.
                self.assertEqual(entries["totals"], 100)
                self.assertIn("kept is restored", done.stderr)  # What it prints goes there.
        self.assertIn("handle-restored.checked", self.traces())
        self.assertFalse(self.traces() & {"source-opened.checked", "sink-opened.checked", "discarded.checked"})
        done = self.check("again")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^Savepoint '.*' fits .*\.\n$")
        self.assertIn("Restored:", done.stderr)

    def test_migrates_a_type_that_has_changed(self):
        done, document = self.document("more")
        self.assertEqual((done.returncode, document["problems"]), (0, []), done.stderr)

    def test_lists_every_state_that_does_not_fit_and_looks_at_the_others(self):
        done = self.check("twice")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertIn("2 problems", done.stderr)
        for state in ("'seen' of operator 'Counts'", "'values' of operator 'Totals'"):
            self.assertRegex(done.stderr, state + r".*\n +savepoint: .*\n +program: ")
        done, document = self.document("twice")
        self.assertEqual([one["state"] for one in document["problems"]], ["seen", "values"])
        self.assertEqual({one["uid"] for one in document["operators"]},
                         {"numbers", "counts", "totals", "holder", "keeper"})
        done = self.check("twice", "--drop", "counts/seen", "--drop", "totals")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_names_operator_and_cause_where_the_program_does_not_survive(self):
        for version, cause in (
            ("throws", "restoreState() threw std::runtime_error: does not like it"),
            ("crashes", "was ended by signal 11"),
            ("exits", "exited with status 7"),
            ("hangs", "did not get on for"),
            ("hoards", "held more than 128 mb of memory (client.check.memory)"),
        ):
            with self.subTest(version=version):
                done, document = self.document(version, "--timeout", "3 s", "-D", "client.check.memory=128 mb")
                self.assertEqual(done.returncode, 1)
                (problem,) = document["problems"]
                self.assertEqual(problem["operator"]["uid"], "keeper")
                self.assertIn(cause, problem["what"])
                self.assertEqual({one["uid"] for one in document["operators"]} - {"keeper"},
                                 {"numbers", "counts", "totals", "holder"})
                if version != "throws":
                    self.assertIn("in restoreState()", problem["what"])
                if version == "crashes":
                    self.assertIn("about to crash", problem["what"])

    def test_puts_files_to_ship_where_the_program_finds_them_on_workers(self):
        words = self.folder / "shipped" / "words.txt"
        words.parent.mkdir()
        words.write_text("some words\n")
        temporary = self.folder / "temporary"
        temporary.mkdir()
        done = self.check("reads", "--ship", words, env={"TMPDIR": str(temporary)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("read some words", done.stderr)
        self.assertEqual(words.read_text(), "some words\n", "the user's own file was written")
        self.assertEqual(list(temporary.iterdir()), [])
        self.assertIn("words.txt was not shipped", self.check("reads").stderr)
        for shipped, why in (
            (["/no/file"], "/no/file"), ([self.folder], "is a directory"), ([words, words], "have one name"),
        ):
            with self.subTest(why=why):
                done = self.check("reads", *(word for path in shipped for word in ("--ship", path)))
                self.assertEqual(done.returncode, 1)
                self.assertIn("--ship", done.stderr)
                self.assertIn(why, done.stderr)

    def test_lets_the_program_open_no_connection(self):
        self.assertEqual(self.check("connects").returncode, 0)

    def test_names_file_and_operator_of_a_damaged_block(self):
        files = [f for f in self.cluster.files(self.data) if f.name != "metadata" and not f.name.startswith("in-use")]
        data = max(files, key=lambda f: f.stat().st_size)
        before = data.read_bytes()
        try:
            data.write_bytes(before[:200] + bytes([before[200] ^ 1]) + before[201:])
            done, document = self.document("again")
        finally:
            data.write_bytes(before)
        self.assertEqual(done.returncode, 1)
        self.assertIn("restore from another savepoint; 'weir savepoint verify' lists", done.stderr)
        self.assertTrue(document["problems"])
        for problem in document["problems"]:
            self.assertIn(data.name, problem["what"])
            self.assertIn(problem["operator"]["uid"], ("counts", "totals", "holder", "keeper", "numbers"))

    def test_ends_the_program_with_the_command(self):
        trace = self.folder / "hangs.checked"
        trace.unlink(missing_ok=True)
        command = subprocess.Popen(
            list(map(str, [self.cluster.dist / "bin" / "weir", "savepoint", "check", "-p", 2, self.path, self.program,
                           "hangs", self.folder])),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.cluster.environment())
        wait_for("it hangs", trace.exists)

        def children():
            found = []
            for entry in pathlib.Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        words = (entry / "cmdline").read_bytes().split(b"\0")
                    except OSError:
                        continue
                    if words[0] == str(self.program).encode() and b"hangs" in words:
                        found.append(entry.name)
            return found

        self.assertEqual(len(children()), 1)
        os.kill(command.pid, signal.SIGKILL)
        command.wait()
        wait_for("the program has ended too", lambda: not children())

    def test_wrong_use_and_what_is_no_savepoint(self):
        done = self.cluster.weir("savepoint", "check", self.path, check=False)
        self.assertEqual(done.returncode, 2)
        done = self.check("again", path=self.folder / "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no savepoint", done.stderr)
        done = self.check("again", "--timeout", "soon")
        self.assertEqual(done.returncode, 2)
        done = self.check("again", path="jobmanager://savepoints/1")
        self.assertIn("in the memory of a job manager", done.stderr)
        self.assertEqual(self.check("again", p=5000).returncode, 1)


class LateCheckTest(unittest.TestCase):
    def test_asks_for_state_that_is_declared_late(self):
        program = build("checked", "late") / "late"
        with Cluster(task_managers=1, slots=3) as cluster:
            job = cluster.run_detached(program, "early", 10**6, cluster.folder / "before", options=("-p", 2))
            cluster.wait_checkpoints(job, 3)
            path = cluster.savepoint(job, cluster.savepoints)

            def check(version, *options):
                return cluster.weir("savepoint", "check", "-p", 3, *options, path, program, version, 1000,
                                    cluster.folder / "after", check=False)

            self.assertEqual(check("late").returncode, 0)
            for version, sentence in (
                ("text", "state 'seen' does not fit"),
                ("map", "it is list state in the savepoint and map state in the program"),
                ("forgets", "neither declares it nor, in open(), asks for it"),
            ):
                with self.subTest(version=version):
                    done = check(version)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("operator 'Lines' (uid lines", done.stderr)
                    self.assertIn(sentence, done.stderr)
            done = check("forgets", "-n")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Left out:", done.stderr)
            self.assertEqual(list(cluster.folder.glob("after*")), [])


if __name__ == "__main__":
    unittest.main()
