"""Machines that are network namespaces, on a bridge that only they see: any two of them can be cut off from each other.

    network = PrivateNetwork(test_class)              # skips where namespaces are not allowed
    machine = network.machine("jobmanager-1")         # .address
    with network.on(machine):                         # processes that are started here live there
        subprocess.Popen(...)
    network.cut([one], [other]); network.heal()

The thread that makes it, and what it starts, sees nothing of the network outside until the class has ended.
"""

import contextlib
import ctypes
import os
import subprocess
import sys
import unittest

CLONE_NEWNET = 0x40000000
PREFIX = "10.99.0."
HERE = PREFIX + "254"  # Where the test itself is.
NOWHERE = "02:00:00:00:00:99"
LIBC = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def ip(*words):
    done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")


class Machine:
    """A namespace, kept by a process that waits in it."""

    def __init__(self, name, number):
        self.name = name
        self.address = f"{PREFIX}{number}"
        self.link = f"w{number}"  # Its end of the wire; the other one is on the bridge.
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--kill-child", "sh", "-c", "echo there; exec sleep infinity"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )
        self.holder.stdout.readline()
        self.namespace = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class PrivateNetwork:
    def __init__(self, test):
        self.machines = []
        self.outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            call(LIBC.unshare, CLONE_NEWNET)
            self.inside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            test.addClassCleanup(self.close)
            ip("link", "set", "lo", "up")
            ip("link", "add", "bridge", "type", "bridge")
            ip("address", "add", f"{HERE}/24", "dev", "bridge")
            ip("link", "set", "bridge", "up")
            self.machine("probe")
        except OSError as error:
            why = (f"NO NETWORK: network namespaces with a bridge cannot be made here ({error}); "
                   "run this as root where 'unshare --net ip link add b type bridge' works.")
            print(why, file=sys.stderr)
            raise unittest.SkipTest(why) from None

    def close(self):
        call(LIBC.setns, self.outside, CLONE_NEWNET)
        for one in self.machines:
            one.holder.kill()
            one.holder.wait()
            one.holder.stdout.close()
            os.close(one.namespace)
        os.close(self.inside)
        os.close(self.outside)

    def machine(self, name):
        one = Machine(name, len(self.machines) + 1)
        self.machines.append(one)
        ip("link", "add", f"b-{one.link}", "type", "veth", "peer", "name", one.link, "netns", one.holder.pid)
        ip("link", "set", f"b-{one.link}", "master", "bridge", "up")
        with self.on(one):
            ip("link", "set", "lo", "up")
            ip("link", "set", one.link, "address", one.mac, "up")
            ip("address", "add", f"{one.address}/24", "dev", one.link)
        return one

    @contextlib.contextmanager
    def on(self, machine):
        call(LIBC.setns, machine.namespace, CLONE_NEWNET)
        try:
            yield
        finally:
            call(LIBC.setns, self.inside, CLONE_NEWNET)

    def cut(self, some, others):
        """Nothing passes between these any more, and nobody is told."""
        for one in some:
            for other in others:
                self.know(one, other, NOWHERE)
                self.know(other, one, NOWHERE)

    def heal(self):
        for one in self.machines:
            for other in self.machines:
                if one is not other:
                    self.know(one, other, other.mac)

    def know(self, one, other, mac):
        """Where `one` sends what is for `other`."""
        with self.on(one):
            ip("neighbor", "replace", other.address, "lladdr", mac, "nud", "permanent", "dev", one.link)
