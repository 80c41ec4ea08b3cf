"""README.md typed literally: its two commands' first, "Use it" line by line, and its program as a project of its own.

Only what must not collide with other users of the machine is replaced: home directory, ports, and /tmp/savepoints."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from cluster import DIST, JOB_ID, ROOT, free_port, wait_for

README = (ROOT / "README.md").read_text()
RELEASE = ROOT / "build" / "release"


def block(after):
    """The first indented block behind the text `after`, without comments."""
    lines = README[README.index(after) + len(after) :].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("    "))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("    "))
    return [re.sub(r"\s+#.*$", "", line).strip() for line in lines[start:end]]


def program():
    return re.search(r"^```cpp\n(.*?)^```$", README, re.M | re.S).group(1)


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="weir-readme-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.weir = self.home / "weir"
        self.environment = {**os.environ, "HOME": str(self.home)}
        for name in ("WEIR_CONF_DIR", "WEIR_LOG_DIR", "WEIR_PID_DIR"):
            self.environment.pop(name, None)

    def bash(self, command, timeout=120, **more):
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, timeout=timeout, env=self.environment,
            stdin=subprocess.DEVNULL, cwd=more.pop("cwd", self.home), **more,
        )
        self.assertEqual(done.returncode, 0, f"$ {command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def install(self, command):
        """The release as it was built; elsewhere a copy of the installation under test."""
        self.assertTrue(command.startswith("cmake --preset release && "), command)
        if RELEASE.exists() and "WEIR_DIST" not in os.environ:
            self.bash(command, timeout=1200, cwd=ROOT)
        else:
            shutil.copytree(DIST, self.weir, symlinks=True)
        conf = self.weir / "conf" / "flink-conf.yaml"
        text = conf.read_text()
        for port in ("6123", "8081"):
            self.assertIn(port, text)
            text = text.replace(port, str(free_port()))
        conf.write_text(text)
        self.addCleanup(
            subprocess.run, [self.weir / "bin" / "stop-cluster.sh"], capture_output=True, env=self.environment
        )

    def printed(self):
        return "".join(path.read_text() for path in (self.weir / "log").glob("*-taskmanager-*.out"))

    def test_use_it_works_line_by_line(self):
        lines = block("## Use it\n")
        self.install(lines[0])
        job = savepoint = None
        for line in lines[1:]:
            with self.subTest(line=line):
                line = line.replace("/tmp/savepoints", str(self.home / "savepoints"))
                line = re.sub(r"\bJOB\b", str(job), re.sub(r"\bSAVEPOINT\b", str(savepoint), line))
                if line.startswith("tail "):
                    wait_for("the job prints", lambda: "to=" in self.printed())
                out = self.bash(line)
                if "weir run" in line:
                    job = JOB_ID.search(out).group(0)
                elif line.endswith("weir list"):
                    self.assertIn(job, out)
                    self.assertIn("(RUNNING)", out)
                elif line.startswith("tail "):
                    self.assertIn("to=", out)
                elif " savepoint inspect " in line:
                    self.assertIn("Count per word", out)
                elif f" savepoint {job} " in line:
                    savepoint = re.search(r"^Savepoint completed\. Path: (\S+)$", out, re.M).group(1)
        self.assertEqual([p for p in (self.home / "savepoints").rglob("*") if p.is_file()], [])
        counts = [int(n) for n in re.findall(r"\bto=(\d+)$", self.printed(), re.M)]
        self.assertEqual(counts.count(1), 1, "the restored job goes on with the counts that it had")

    def test_the_program_builds_with_four_lines_and_counts_what_nc_sends(self):
        self.install(block("## Use it\n")[0])
        port = free_port()
        self.assertIn("nc -lk 9999", program())
        project = self.home / "project"
        project.mkdir()
        (project / "my_job.cc").write_text(program().replace("9999", str(port)))
        (project / "CMakeLists.txt").write_text("\n".join(block("four lines of CMake:")) + "\n")
        building, by_hand, on_the_cluster = block("and run it on the cluster:")
        self.assertNotIn("Warning", self.bash("{ " + building + "; } 2>&1", cwd=project, timeout=300))
        cluster_log = self.bash("~/weir/bin/start-cluster.sh")
        for command in (by_hand, on_the_cluster):
            with self.subTest(command=command):
                server = subprocess.Popen(["nc", "-lk", "localhost", str(port)], stdin=subprocess.PIPE, text=True)
                out = project / "out"
                try:
                    with open(out, "w") as file:
                        job = subprocess.Popen(
                            ["bash", "-c", "exec " + command], stdout=file, stderr=subprocess.STDOUT, cwd=project,
                            env=self.environment,
                        )
                    server.stdin.write("to be or not\nto be\n")
                    server.stdin.flush()
                    wait_for("it counts", lambda: "be=2" in out.read_text() + self.printed())
                finally:
                    server.kill()
                    server.wait()
                    server.stdin.close()
                self.assertEqual(job.wait(60), 0, out.read_text() + cluster_log)
                lines = re.findall(r"\b(\w+=\d+)$", out.read_text() + self.printed(), re.M)
                self.assertEqual(sorted(lines)[: len(set(lines))], sorted(set(lines)))
                self.assertLessEqual({"to=1", "be=1", "or=1", "not=1", "to=2", "be=2"}, set(lines))

    @unittest.skipUnless(RELEASE.exists(), "needs the release build")
    def test_quickstart_runs(self):
        first = block("# Weir\n")[0]
        self.assertEqual(first, "./deploy/quickstart.sh")
        out = self.bash(f"{first} --prefix {self.home}/quickstart", timeout=1200, cwd=ROOT)
        self.assertIn("all equal", out)
        self.assertIn("nothing left", out)
        self.assertTrue(out.rstrip().endswith("== Done"), out[-2000:])

    def test_the_second_command_is_the_one_that_runs_the_tests(self):
        second = ROOT / block("# Weir\n")[1]
        self.assertTrue(os.access(second, os.X_OK))
        self.assertIn("tests/run.sh", (ROOT / ".ci" / "run").read_text())


if __name__ == "__main__":
    unittest.main()
