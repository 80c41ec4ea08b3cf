"""Faults of the file system and of the clock that tests switch while daemons and workers run (faults.c).

    faults = Faults(folder)
    cluster = Cluster(daemon_env=faults.environment(), folder=folder)
    faults.set(fsync_millis=100, full=[cluster.checkpoints])
    faults.clear()
"""

import os
import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent / "faults.c"


class Faults:
    """Belongs to the processes that were started with its environment, and their children."""

    def __init__(self, folder, name="faults"):
        folder = pathlib.Path(folder)
        self.library = folder / "libfaults.so"  # One for all that are switched apart, by their names.
        self.control = folder / name
        if not self.library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, SOURCE, "-ldl", "-lpthread"], check=True)

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "WEIR_FAULTS": str(self.control)}

    def set(self, fsync_millis=0, full=(), clock_shift=0, hang=()):
        """From now on only these faults; they are in force within some 10 ms. clock_shift: seconds ahead."""
        lines = [f"fsync-millis {fsync_millis}", f"clock-shift {clock_shift}"]
        lines += [f"full {prefix}" for prefix in full] + [f"hang {prefix}" for prefix in hang]
        fresh = self.control.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        os.replace(fresh, self.control)

    def clear(self):
        self.set()
