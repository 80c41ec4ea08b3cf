"""What the soak of high availability does to one process: named, drawn with the seed, and undone by whoever began it."""

import dataclasses
import os
import signal
from collections.abc import Callable

from high_availability import SESSION

# How often each is drawn, for one of the others.
WEIGHTS = {
    "kill_leader": 3, "kill_standby": 1, "freeze_leader": 3, "freeze_standby": 1,
    "kill_task_manager": 2, "freeze_task_manager": 2, "kill_worker": 3, "freeze_worker": 2,
    "kill_server": 2, "freeze_server": 2, "kill_storage": 3, "freeze_storage": 3,
}


@dataclasses.dataclass
class Fault:
    """begin(), so many seconds, end(): then all is there again."""

    what: str
    begin: Callable
    seconds: float
    end: Callable


class Faults:
    """Belongs to one soak, whose cluster, ensemble, storage and random numbers it uses."""

    def __init__(self, soak, first=()):
        self.soak = soak
        self.first = list(first)
        self.cluster = soak.cluster
        self.random = soak.random
        self.frozen = set()

    def draw(self):
        """One, or two of different kinds at once; none when there is no such process."""
        if self.first:
            return [one for one in [getattr(self, self.first.pop(0))()] if one]
        names = [name for name in WEIGHTS if self.soak.storage.nodes or not name.endswith("_storage")]
        weights = [WEIGHTS[name] for name in names]
        first = self.random.choices(names, weights)[0]
        chosen = [first]
        if self.random.random() < 0.25:
            second = self.random.choices(names, weights)[0]
            if kind(second) != kind(first):
                chosen.append(second)
        found = [getattr(self, name)() for name in chosen]
        return [one for one in found if one]

    def thaw_all(self):
        for pid in list(self.frozen):
            self.thaw(pid)

    # ---- job managers

    def kill_leader(self):
        return self.kill_master(self.cluster.wait_leader(timeout=90))

    def kill_standby(self):
        standby = self.standby()
        return standby and self.kill_master(standby)

    def freeze_leader(self):
        leader = self.cluster.wait_leader(timeout=90)
        return self.freeze("the leader", leader.pid, SESSION * self.random.uniform(0.5, 3))

    def freeze_standby(self):
        standby = self.standby()
        return standby and self.freeze("the standby", standby.pid, SESSION * self.random.uniform(0.5, 3))

    def standby(self):
        leader = self.cluster.wait_leader(timeout=90)
        others = [one for one in self.cluster.living() if one is not leader]
        return self.random.choice(others) if others else None

    def kill_master(self, master):
        seconds = self.random.uniform(0, 4)
        if master is self.soak.spared_master:
            return self.freeze("the spared job manager", master.pid, SESSION * 2)
        return Fault(f"kill {master.name}", master.kill, seconds, lambda: self.cluster.restart(master))

    # ---- task managers and workers

    def kill_task_manager(self):
        living = [one for one in self.living() if one is not self.soak.spared_task_manager]
        seconds = self.random.uniform(0, 6)
        victim = self.random.choice(living)
        return Fault(f"kill {victim.name}", victim.kill, seconds, self.cluster.start_taskmanager)

    def freeze_task_manager(self):
        victim = self.random.choice(self.living())
        return self.freeze(victim.name, victim.pid, self.random.choice((self.random.uniform(1, 4), self.random.uniform(6, 15))))

    def living(self):
        return [one for one in self.cluster.taskmanagers if one.process.poll() is None]

    def kill_worker(self):
        pid = self.worker()
        return pid and Fault(f"kill worker {pid}", lambda: self.signal(pid, signal.SIGKILL), 0, lambda: None)

    def freeze_worker(self):
        pid = self.worker()
        seconds = self.random.choice((self.random.uniform(1, 4), self.random.uniform(6, 15)))
        return pid and self.freeze(f"worker {pid}", pid, seconds)

    def worker(self):
        workers = self.cluster.workers()
        return self.random.choice(workers) if workers else None

    # ---- servers

    def kill_server(self):
        return self.of_service(self.soak.ensemble, self.random.randrange(3), "kill", "ZooKeeper server")

    def freeze_server(self):
        return self.of_service(self.soak.ensemble, self.random.randrange(3), "freeze", "ZooKeeper server")

    def kill_storage(self):
        return self.of_service(self.soak.storage, self.random.choice(self.soak.storage.nodes), "kill", "storage")

    def freeze_storage(self):
        return self.of_service(self.soak.storage, self.random.choice(self.soak.storage.nodes), "freeze", "storage")

    def of_service(self, service, node, action, kind_of_it):
        seconds = self.random.choice((self.random.uniform(0.3, 3), self.random.uniform(3, 10)))
        undo = {"kill": "start", "freeze": "thaw"}[action]
        return Fault(
            f"{action} {kind_of_it} {node}", lambda: service.only(action, node), seconds, lambda: service.only(undo, node)
        )

    # ---- signals

    def freeze(self, what, pid, seconds):
        return Fault(f"freeze {what}", lambda: self.stop(pid), seconds, lambda: self.thaw(pid))

    def stop(self, pid):
        self.frozen.add(pid)
        self.signal(pid, signal.SIGSTOP)

    def thaw(self, pid):
        self.frozen.discard(pid)
        self.signal(pid, signal.SIGCONT)

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # It has ended by itself.


def kind(name):
    of = name.split("_", 1)[1]
    return "job manager" if of in ("leader", "standby") else of
