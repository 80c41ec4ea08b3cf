"""What the tests of jobs that turn numbers into lines have in common."""

import unittest

from jobs_build import build


class NumbersJobTest(unittest.TestCase):
    """Of the job `program`, which takes --count numbers and writes lines to --out."""

    program = None
    count = 2000

    @classmethod
    def setUpClass(cls):
        cls.jobs = build(cls.program)

    def start(self, cluster, *options, count=None, **flags):
        arguments = [word for name, value in flags.items() for word in (f"--{name}", value)]
        arguments += ["--count", count or self.count, "--out", cluster.folder / "out"]
        return cluster.run_detached(self.jobs / self.program, *arguments, options=options)

    def start_running(self, cluster, *options, **flags):
        """The same for jobs that are not over before anybody looks."""
        job = self.start(cluster, *options, **flags)
        cluster.wait_running(job)
        return job

    def lines(self, cluster):
        out = cluster.folder / "out"
        files = [out] if out.is_file() else sorted(out.glob("[0-9]*"))
        return [line for file in files for line in file.read_text().splitlines()]

    def check(self, cluster, count=None):
        """Every number has given its line, once."""
        expected = [self.line_of(number) for number in range(count or self.count)]
        self.assertEqual(sorted(self.lines(cluster)), sorted(expected))
