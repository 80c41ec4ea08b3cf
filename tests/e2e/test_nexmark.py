"""The queries of Nexmark against a slow model of them, which knows nothing of streams."""

import collections
import unittest

from cluster import EXAMPLES, Cluster, files_below

EVENTS = 250_000  # 25 s: two whole windows, and one that the end of the input closes.
MASK = (1 << 64) - 1
STATES = ("AZ", "CA", "ID", "OR", "WA", "WY")
CITIES = ("Phoenix", "Palo Alto", "Boise", "Portland", "Kent", "Cheyenne")

Person = collections.namedtuple("Person", "id place time")
Auction = collections.namedtuple("Auction", "id seller category time")
Bid = collections.namedtuple("Bid", "auction bidder price time")


def mix(i):
    z = (i + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def events(n):
    persons, auctions, bids = [], [], []
    for i in range(n):
        group, place, random, time = i // 50, i % 50, mix(i), i // 10
        if place == 0:
            persons.append(Person(group, random % 6, time))
        elif place < 4:
            seller = max(0, group - random % 1000)
            auctions.append(Auction(3 * group + place - 1, seller, 10 + (random >> 20) % 5, time))
        else:
            last = 3 * group + 2
            auction = last // 100 * 100 if random % 2 == 0 else max(0, last - (random >> 1) % 100)
            bids.append(Bid(auction, max(0, group - (random >> 20) % 1000), 1 + (random >> 30) % 10_000_000, time))
    return persons, auctions, bids


def hot(bids, size, slide):
    """For each window, the auction with most bids; of equals the first."""
    found = []
    last = max(bid.time for bid in bids)
    for end in range(slide, last + size + 1, slide):
        counts = collections.Counter(bid.auction for bid in bids if end - size <= bid.time < end)
        if counts:
            auction, count = min(counts.items(), key=lambda one: (-one[1], one[0]))
            found.append((end, auction, count))
    return found


def model(query, persons, auctions, bids):
    if query == "q0":
        return [(b.auction, b.bidder, b.price, b.time) for b in bids]
    if query == "q1":
        return [(b.auction, b.bidder, b.price * 908 // 1000, b.time) for b in bids]
    if query == "q2":
        return [(b.auction, b.price) for b in bids if b.auction % 123 == 0]
    if query == "q3":
        near = {p.id: (STATES[p.place], *CITIES[p.place].split()) for p in persons if p.place in (1, 2, 3)}
        return [(a.seller, *near[a.seller], a.id) for a in auctions if a.category == 10 and a.seller in near]
    if query == "q5":
        return hot(bids, 10_000, 2_000)
    if query == "q7":
        highest = {}
        for bid in bids:
            window = bid.time // 10_000
            if window not in highest or bid.price > highest[window].price:
                highest[window] = bid
        return [(b.auction, b.price, b.bidder) for b in highest.values()]
    came = {p.id: p.time // 10_000 for p in persons}
    return [(a.seller, a.id) for a in auctions if came.get(a.seller) == a.time // 10_000]


class NexmarkTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(task_managers=1, slots=2)
        cls.cluster.start()
        cls.events = events(EVENTS)

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def test_each_query_gives_what_its_definition_says(self):
        for parallelism in (2, 1):
            for query in ("q0", "q1", "q2", "q3", "q5", "q7", "q8"):
                with self.subTest(query=query, parallelism=parallelism):
                    path = self.cluster.folder / f"{query}-{parallelism}"
                    job = self.cluster.run_detached(EXAMPLES / "nexmark", query, EVENTS, path, options=("-p", parallelism))
                    self.cluster.wait_state(job, "FINISHED")
                    files = [path] if path.is_file() else files_below(path, hidden=False)
                    lines = sorted(line for file in files for line in file.read_text().splitlines())
                    expected = sorted(" ".join(map(str, one)) for one in model(query, *self.events))
                    self.assertGreater(len(expected), 2)
                    self.assertEqual(len(lines), len(expected))
                    self.assertEqual(lines, expected)


if __name__ == "__main__":
    unittest.main()
