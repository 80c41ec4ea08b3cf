"""Programs that are none, and wrong uses of the command: one clear line each, with the right exit status."""

import json
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from cluster import BIN, Cluster, wait_for
from jobs_build import build


class ProgramsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()
        cls.cluster = Cluster(task_managers=1, slots=2)
        cls.cluster.start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def refused(self, *arguments, status=1, options=()):
        """Runs it, expects one line `weir: ...` on standard error, returns that."""
        done = self.cluster.weir("run", *options, *arguments, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("weir: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertEqual(self.cluster.overview()["slots-available"], 2)
        return done.stderr

    def misbehaving(self, how, options=()):
        return self.refused(self.jobs / "misbehaving", how, options=options)

    def cancel(self, job):
        self.cluster.weir("cancel", job)
        self.cluster.wait_state(job, "CANCELED")
        wait_for("its slots are free", lambda: self.cluster.overview()["slots-available"] == 2)

    def test_missing_program(self):
        self.assertIn("No such file", self.refused("/nowhere/at/all"))

    def test_directory(self):
        self.assertIn("directory", self.refused("/tmp"))

    def test_script(self):
        script = pathlib.Path(self.cluster.folder) / "script.sh"
        script.write_text("#!/bin/sh\necho hello\n")
        script.chmod(0o755)
        self.assertIn("script", self.refused(script))

    def test_binary_for_another_machine(self):
        foreign = pathlib.Path(self.cluster.folder) / "foreign"
        image = bytearray((self.jobs / "misbehaving").read_bytes())
        image[18:20] = (183).to_bytes(2, "little")  # EM_AARCH64
        foreign.write_bytes(image)
        foreign.chmod(0o755)
        self.assertIn("AArch64", self.refused(foreign))

    def test_not_executable(self):
        plain = pathlib.Path(self.cluster.folder) / "plain"
        shutil.copyfile(self.jobs / "misbehaving", plain)
        plain.chmod(0o644)
        self.assertIn("executable", self.refused(plain))

    def test_without_execute(self):
        self.assertIn("execute()", self.misbehaving("no-execute"))

    def test_bad_exit(self):
        self.assertIn("status 3", self.misbehaving("exit-3"))

    def test_abort(self):
        self.assertIn("signal 6", self.misbehaving("abort"))

    def test_throwing_main(self):
        self.assertIn("main gives up", self.misbehaving("throws"))

    def test_hang(self):
        start = time.monotonic()
        text = self.misbehaving("hang", options=("-D", "client.program.timeout=1 s"))
        self.assertIn("client.program.timeout", text)
        self.assertLess(time.monotonic() - start, 20)

    def test_dashes_end_the_options_and_the_words_of_the_program_follow_in_order(self):
        for options in ((), ("-p", "1"), ("-D", "parallelism.default=1")):
            done = self.cluster.weir("run", *options, "--", self.jobs / "misbehaving", "exit-3", "-x", check=False)
            self.assertIn("status 3", done.stderr)
            self.assertEqual(done.returncode, 1)
        self.cluster.weir("run", "--", self.jobs / "misbehaving", "fine", "--", "-d")
        self.assertEqual(json.loads(self.cluster.weir("info", "--", self.jobs / "misbehaving", "fine").stdout)["name"], "Misbehaving")

    def test_uids_with_line_breaks_begin_no_line(self):
        text = self.misbehaving("forged-uids")
        self.assertEqual(len([line for line in text.splitlines() if "forged" in line]), 1, text)
        self.assertIn(r"same\nweir: forged", text)

    def test_a_job_without_a_name_gets_one(self):
        job = self.cluster.run_detached(self.jobs / "misbehaving", "no-name")
        self.assertIn(f"{job} : Weir Streaming Job (", self.cluster.weir("list", "-a").stdout)
        self.cluster.wait_state(job, "FINISHED")

    def test_no_operators(self):
        self.misbehaving("no-operators")

    def test_equal_uids(self):
        text = self.misbehaving("equal-uids")
        self.assertIn("same", text)

    def test_empty_uid(self):
        self.assertIn("uid", self.misbehaving("empty-uid"))

    def test_execute_does_not_return_when_submitted(self):
        done = self.cluster.weir("run", self.jobs / "misbehaving", "twice")
        self.assertNotIn("after the end", done.stdout)

    def test_json_is_the_only_thing_on_standard_output(self):
        done = self.cluster.weir("run", "--json", self.jobs / "misbehaving", "fine")
        self.assertEqual(json.loads(done.stdout)["state"], "FINISHED")

    def test_info_prints_the_plan(self):
        done = self.cluster.weir("info", self.jobs / "contract_example")
        plan = json.loads(done.stdout)
        operators = {o["uid"]: o for v in plan["vertices"] for o in v["operators"] if o["uid"]}
        self.assertEqual(operators["source-id"]["id"], "bd9c186e89cc37a76d776844dfa8ccba")
        self.assertEqual(operators["mapper-id"]["id"], "c9cecfed5cae9d489451c50e442666e3")
        self.assertEqual([s["name"] for s in operators["keyed-id"]["states"]], ["seen"])

    def test_wrong_uses(self):
        for arguments in (
            ("bogus",), ("run",), ("run", "--bogus", "x"), ("run", "-p", "0", "x"), ("run", "-p", "many", "x"),
            ("run", "-m", "nohost", "x"), ("list", "-m", "127.0.0.1:notaport"), ("cancel",), ("savepoint",),
            ("list", "-D", "no.such.key=1"), ("list", "-D", "nothing"), ("list", "extra"), (),
            ("run", "-s", "", self.jobs / "counting"), ("savepoint", "-d", ""), ("nosuch", "--help"),
            ("savepiont",), ("run", "-p", "", "x"), ("list", "-m", ""), ("list", "--", "-r"),
        ):
            with self.subTest(arguments=arguments):
                done = self.cluster.weir(*arguments, check=False)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertRegex(done.stderr, r"(?m)^weir: .*; see 'weir")

    def test_every_failure_says_what_to_do_and_is_a_document_too(self):
        for arguments in (
            ("run", "/no/program"), ("run", "-p", "0", "x"), ("run", "-s", "/no/savepoint", self.jobs / "counting"),
            ("run", "--ship", "/no/file", self.jobs / "counting"), ("cancel", "0" * 32), ("savepoint", "xyz"),
            ("savepoint", "-d", "/no/savepoint"), ("config", "no.key"), ("bogus",),
        ):
            with self.subTest(arguments=arguments):
                command, *words = arguments
                done = self.cluster.weir(command, "--json", *words, check=False)
                self.assertRegex(done.stderr.splitlines()[-1], r"^weir: [^:]+: .+; .+")
                self.assertTrue(json.loads(done.stdout)["error"]["advice"])

    def test_an_interrupted_client_leaves_its_job_and_says_so(self):
        with subprocess.Popen(
            [BIN / "weir", "run", "--json", self.jobs / "counting", "--count", "100000", "--rate", "10"],
            env=self.cluster.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as client:
            job = wait_for("a running job", lambda: self.cluster.get("/jobs")["jobs-running"])[0]
            self.cluster.wait_running(job)
            client.send_signal(signal.SIGINT)
            output, errors = client.communicate(timeout=10)
        self.assertEqual((client.returncode, json.loads(output)["jobid"]), (1, job))
        self.assertIn(f"weir cancel {job}", errors)
        self.assertEqual(self.cluster.job(job)["state"], "RUNNING")
        self.cancel(job)

    def test_an_interrupted_savepoint_ends_its_client(self):
        job = self.cluster.run_detached(
            self.jobs / "counting", "--count", "100", "--slow", "500000", "--interval", "100000")
        self.cluster.wait_running(job)
        with subprocess.Popen(
            [BIN / "weir", "savepoint", job], env=self.cluster.environment(), stderr=subprocess.PIPE, text=True
        ) as client:
            client.stderr.readline()  # It has been triggered.
            client.send_signal(signal.SIGINT)
            self.assertIn("interrupted", client.stderr.read())
        self.assertEqual(client.returncode, 1)
        self.cancel(job)

    def test_an_id_that_is_none(self):
        for arguments in (("cancel", "123"), ("savepoint", "xyz")):
            done = self.cluster.weir(*arguments, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("is not a valid ID", done.stderr)

    def test_unknown_job(self):
        for command in ("cancel", "savepoint"):
            done = self.cluster.weir(command, "0" * 32, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("0" * 32, done.stderr)

    def test_help_of_every_command(self):
        for command in ("run", "info", "list", "cancel", "savepoint", "config"):
            done = self.cluster.weir(command, "--help")
            self.assertIn("Example", done.stdout)
            self.assertTrue(all(len(line) <= 80 for line in done.stdout.splitlines()))

    def test_no_job_manager(self):
        done = self.cluster.weir("list", "-m", "127.0.0.1:1", "-D", "akka.lookup.timeout=1 s", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1:1", done.stderr)
        self.assertTrue(BIN.exists())


if __name__ == "__main__":
    unittest.main()
