"""HTTP peers that mean harm."""

import random
import unittest

from hostile import HostileTest


class HttpTest(HostileTest):
    def ask(self):
        self.assertEqual(self.cluster.get("/overview")["taskmanagers"], self.task_managers)

    def test_peers_that_never_finish_their_request_keep_nobody_out(self):
        for _ in range(600):
            self.connect(self.cluster.web_port, b"GET /overview HTTP/1.1\r\nX-Slow: ")
        self.ask()
        self.assertLess(self.usage().descriptors, 600)
        self.wait_logged(self.cluster.jobmanager, "HTTP has too many connections")

    def test_silent_connections_keep_nobody_out(self):
        for _ in range(600):
            self.connect(self.cluster.web_port)
        self.ask()

    def test_peers_that_do_not_read_their_answers(self):
        for _ in range(50):
            peer = self.connect(self.cluster.web_port)
            peer.settimeout(0.5)
            try:
                peer.sendall(b"GET /joboverview HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 5000)
            except OSError:
                pass
        self.ask()

    def test_malformed_and_oversized_requests_are_answered_with_a_sentence(self):
        for request, status in (
            (b"this is no request\r\n\r\n", b"400"),
            (b"GET / HTTP/9.9\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000 + b"\r\n\r\n", b"413"),
            (b"POST /jobs HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
            (b"GET /jobs/" + b"a" * 5000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", b"404"),
        ):
            answer = self.read_all(self.connect(self.cluster.web_port, request))
            self.assertEqual(answer[9:12], status, request[:60])
            self.assertGreater(len(answer.partition(b"\r\n\r\n")[2]), 5, answer)

    def test_random_bytes(self):
        generator = random.Random(1)
        for _ in range(200):
            peer = self.connect(self.cluster.web_port, bytes(generator.randrange(256) for _ in range(300)) + b"\r\n\r\n")
            self.read_all(peer)
        self.ask()


if __name__ == "__main__":
    unittest.main()
