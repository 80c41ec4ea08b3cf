"""What a soak does to the processes of its cluster: a series that the seed fixes, drawn as it goes."""

import os
import signal
import threading
import time


def freeze_seconds(random):
    """Short ones are noticed by nobody, long ones outlast every time-out."""
    return random.choice((random.uniform(1, 4), random.uniform(4, 10), random.uniform(10, 30)))


class Disturbances:
    """Belongs to one soak, whose cluster, faults and random numbers it uses. `due` holds what is to be undone."""

    # How often each is drawn, for one of the others.
    WEIGHTS = {"kill_worker": 4, "kill_task_manager": 3, "freeze": 4, "slow_fsync": 2, "full_disk": 2, "kill_job_manager": 1}

    def __init__(self, soak, freezes=(1, 30)):
        self.soak = soak
        self.cluster = soak.cluster
        self.random = soak.random
        self.freezes = freezes  # Shortest and longest, in seconds.
        self.due = []  # When, and what then.
        self.faults = {}  # In force in the file system.
        self.frozen = set()
        self.done = {}

    def disturb(self, what=None):
        names = list(self.WEIGHTS)
        what = what or self.random.choices(names, [self.WEIGHTS[name] for name in names])[0]
        if getattr(self, what)():
            self.done[what] = self.done.get(what, 0) + 1

    def pause(self, seconds):
        """Sleeps, and undoes what is due."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.undo(time.monotonic())
            time.sleep(0.05)

    def undo(self, now=float("inf")):
        for entry in sorted(self.due, key=lambda one: one[0]):
            if entry[0] <= now:
                self.due.remove(entry)
                entry[1]()

    def later(self, seconds, what):
        self.due.append((time.monotonic() + seconds, what))

    # ---- one method each; true when it was done

    def kill_worker(self):
        workers = self.cluster.workers()
        return bool(workers) and self.signal(self.random.choice(workers), signal.SIGKILL)

    def kill_task_manager(self):
        alive = self.living()
        if len(alive) < self.soak.TASK_MANAGERS - 1:  # Four slots suffice, two do not.
            return False
        self.random.choice(alive).kill()
        self.later(self.random.uniform(0.5, 5), self.cluster.start_taskmanager)
        return True

    def freeze(self):
        """Any process."""
        kind = self.random.choice(("worker", "worker", "task_manager", "job_manager"))
        return getattr(self, f"freeze_{kind}")()

    def freeze_worker(self):
        workers = self.cluster.workers()
        return bool(workers) and self.freeze_process("worker", self.random.choice(workers))

    def freeze_task_manager(self):
        alive = self.living()
        return bool(alive) and self.freeze_process("task manager", self.random.choice(alive).pid)

    def freeze_job_manager(self):
        pid = self.cluster.jobmanager.pid
        if not self.freeze_process("job manager", pid):
            return False
        while pid in self.frozen:  # It answers nobody meanwhile.
            self.pause(0.2)
        return True

    def freeze_process(self, kind, pid):
        seconds = min(max(freeze_seconds(self.random), self.freezes[0]), self.freezes[1])
        if pid in self.frozen or not self.signal(pid, signal.SIGSTOP):
            return False
        self.soak.say(f"soak: {kind} {pid} frozen for {seconds:.0f} s")
        self.frozen.add(pid)
        # On a thread, as a command that waits for an answer of the frozen process may hold this one.
        timer = threading.Timer(seconds, self.thaw, (pid,))
        timer.daemon = True
        timer.start()
        return True

    def thaw(self, pid):
        self.frozen.discard(pid)
        self.signal(pid, signal.SIGCONT)

    def undo_freezes(self):
        """Whatever happened: nothing stays stopped."""
        for pid in list(self.frozen):
            self.thaw(pid)

    def slow_fsync(self):
        return self.fault("fsync_millis", self.random.randrange(50, 500), self.random.uniform(3, 15))

    def full_disk(self):
        place = self.random.choice((self.cluster.checkpoints, self.cluster.savepoints, self.soak.text))
        return self.fault("full", [place], self.random.uniform(1, 6))

    def kill_job_manager(self):
        return self.soak.replace_job_manager(self.random.uniform(0, 3))

    # ---- means

    def living(self):
        return [daemon for daemon in self.cluster.taskmanagers if daemon.process.poll() is None]

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False  # It ended by itself, with an attempt that was cancelled.
        return True

    def fault(self, name, value, seconds):
        if name in self.faults:
            return False
        self.faults[name] = value
        self.soak.faults.set(**self.faults)
        self.soak.say(f"soak: {name} {value} for {seconds:.0f} s")

        def end():
            del self.faults[name]
            self.soak.faults.set(**self.faults)

        self.later(seconds, end)
        return True
