"""Snapshots that earlier versions wrote restore exactly, at their parallelism and at others."""

import shutil
import unittest

from cluster import ROOT, Cluster
from jobs_build import build

GOLDEN = ROOT / "tests" / "golden"


class GoldenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jobs = build()

    def test_snapshots_of_every_version_restore_exactly(self):
        expected = sorted((GOLDEN / "expected.txt").read_text().splitlines())
        versions = sorted(path for path in GOLDEN.iterdir() if path.is_dir())
        self.assertTrue(versions)
        with Cluster(task_managers=1, slots=3) as cluster:
            for version in versions:
                for form in sorted(path.name for path in version.iterdir() if path.name != "pointer"):
                    for parallelism in (2, 3, 1):
                        with self.subTest(version=version.name, form=form, parallelism=parallelism):
                            folder = cluster.folder / f"{version.name}-{form}-{parallelism}"
                            shutil.copytree(version / form, folder / "snapshot")
                            cluster.weir(
                                "run", "-p", parallelism, "-s", folder / "snapshot", self.jobs / "golden",
                                3000, 1_000_000, folder / "out",
                            )
                            self.assertEqual(sorted((folder / "out" / "0").read_text().splitlines()), expected)


if __name__ == "__main__":
    unittest.main()
