"""Snapshots that are none, damaged ones, and disposals of what must stay."""

import os
import random
import shutil
import subprocess
import unittest

from hostile import HostileTest, client_program
from cluster import files_below


class SnapshotsTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.folder = self.cluster.folder / "user"
        self.folder.mkdir()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def files(self):
        """Marks of jobs that use a savepoint come and go with their checkpoints."""
        return sorted(str(path) for path in files_below(self.folder) if not path.name.startswith("in-use-"))

    def refused(self, *words):
        """One line on standard error with what and why, and nothing is lost."""
        before = self.files()
        done = self.cluster.weir(*words, check=False, timeout=40)
        self.assertEqual(done.returncode, 1, f"{words}: {done.stdout}{done.stderr}")
        line = [text for text in done.stderr.splitlines() if text.startswith("weir: ")]
        self.assertEqual(len(line), 1, done.stderr)
        self.assertGreater(len(line[0]), 40)
        self.assertEqual(self.files(), before, words)

    def refused_everywhere(self, path):
        self.refused("savepoint", "-d", path)
        self.refused("run", "-d", "-s", path, self.jobs / "counting", "--count", 10)

    def metadata(self, path, data_directory, location):
        subprocess.run([client_program(), "0", "metadata", path, data_directory, location], check=True)

    def test_a_directory_of_the_user_that_holds_a_file_named_metadata(self):
        notes = self.folder / "savepoint-notes"
        notes.mkdir()
        (notes / "metadata").write_text("what I wanted to remember")
        (notes / "thesis.tex").write_text("years")
        (notes / "deeper").mkdir()
        (notes / "deeper" / "data").write_text("more")
        self.refused_everywhere(notes)

    def test_a_directory_named_as_a_checkpoint_with_files_of_others(self):
        directory = self.folder / ("0123456789abcdef" * 2) / "chk-7"
        directory.mkdir(parents=True)
        (directory / "metadata").write_bytes(b"WEIRMETA" + bytes(100))
        (directory / "thesis.tex").write_text("years")
        self.refused_everywhere(directory)

    def test_what_is_no_regular_file(self):
        for name, make in (("fifo", os.mkfifo), ("directory", os.mkdir), ("link", lambda path: os.symlink("/dev/zero", path))):
            with self.subTest(name):
                directory = self.folder / f"savepoint-{name}"
                directory.mkdir()
                make(directory / "metadata")
                self.refused_everywhere(directory)

    def test_a_sparse_file_of_a_terabyte(self):
        directory = self.folder / "savepoint-0123456789ab"
        directory.mkdir()
        with open(directory / "metadata", "wb") as file:
            file.write(b"WEIRMETA\x01\0\0\0")
            file.truncate(1 << 40)
        self.refused_everywhere(directory)

    def test_handles_that_name_files_elsewhere(self):
        victim = self.folder / "victim"
        victim.write_text("x")
        link = self.folder / "link"
        link.symlink_to(self.folder)
        directory = self.folder / "savepoint-0123456789ab"
        directory.mkdir()
        for data_directory, location in (
            (f"file:{directory}", str(victim)),
            (f"file:{directory}", f"file:{victim}"),
            (f"file:{directory}", "../victim"),
            (f"file:{directory}", "a/../../victim"),
            (f"file:{link}", "victim"),
            ("file:/", str(victim)[1:]),
            ("", str(victim)[1:]),
            ("", "../victim"),
        ):
            with self.subTest(f"{data_directory} {location}"):
                self.metadata(directory / "metadata", data_directory, location)
                self.refused("savepoint", "-d", directory)
                self.assertTrue(victim.exists())

    def test_a_savepoint_with_any_byte_changed_or_missing(self):
        path = self.cluster.savepoint(self.job, self.folder)
        metadata = self.folder / os.path.basename(path) / "metadata"
        intact = metadata.read_bytes()
        generator = random.Random(1)
        for _ in range(6):
            damaged = bytearray(intact)
            damaged[generator.randrange(len(damaged))] ^= 1 << generator.randrange(8)
            metadata.write_bytes(damaged)
            self.refused_everywhere(path)
            metadata.write_bytes(intact[: generator.randrange(len(intact))])
            self.refused_everywhere(path)
        metadata.write_bytes(intact)
        self.cluster.weir("savepoint", "-d", path)


if __name__ == "__main__":
    unittest.main()
