"""The pages of the guide, typed as they stand: files are written, commands run, and code is that of the examples."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from cluster import DIST

GUIDE = DIST / "share" / "doc" / "weir" / "guide"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)


def squeezed(text):
    return " ".join(text.split())


class GuideTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="weir-guide-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        (self.home / "weir").symlink_to(DIST)

    def run_console(self, text):
        """Of each command, all lines that it prints, in any order: subtasks print as they come."""
        for command, expected in re.findall(r"^\$ (.*)\n((?:[^$].*\n|\n)*)", text, re.M):
            done = subprocess.run(
                ["bash", "-c", command], cwd=self.home, env={**os.environ, "HOME": str(self.home)},
                capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
            )
            self.assertEqual(done.returncode, 0, f"$ {command}\n{done.stdout}{done.stderr}")
            printed = [re.sub(r"^\d+> ", "", line) for line in done.stdout.splitlines()]
            self.assertEqual(sorted(printed), sorted(expected.splitlines()), f"$ {command}\n{done.stderr}")

    def test_what_a_page_shows_is_what_happens(self):
        sources = "\n".join(squeezed(path.read_text()) for path in (DIST / "examples").rglob("*.*") if path.suffix in (".cc", ".h"))
        pages = sorted(path for path in GUIDE.glob("*.md") if path.name != "README.md")
        self.assertGreater(len(pages), 2)
        index = (GUIDE / "README.md").read_text()
        for page in pages:
            with self.subTest(page=page.name):
                self.assertIn(f"({page.name})", index)
                blocks = BLOCK.findall(page.read_text())
                self.assertIn("console", [kind for kind, _, _ in blocks])
                for kind, name, text in blocks:
                    if kind == "text":
                        (self.home / name).write_text(text)
                    elif kind == "cpp":
                        self.assertIn(squeezed(text), sources)
                    else:
                        self.assertEqual(kind, "console")
                        self.run_console(text)


if __name__ == "__main__":
    unittest.main()
