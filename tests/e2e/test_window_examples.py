"""The examples of windows, joins and what else has to do with time, as a reader of the guide runs them."""

import pathlib
import re
import tempfile
import unittest

from cluster import EXAMPLES, Cluster


class WindowExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(task_managers=1, slots=2)
        cls.cluster.start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def file(self, *lines):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.cluster.folder))
        path = folder / "lines"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def printed(self, begin, example, *arguments):
        """Sorted lines that a job printed, without the numbers of its subtasks: those that begin so."""
        job = self.cluster.run_detached(EXAMPLES / example, *arguments, options=("-p", 2))
        self.cluster.wait_state(job, "FINISHED")
        lines = self.cluster.taskmanagers[0].out.read_text().splitlines()
        return sorted(line for line in (re.sub(r"^\d+> ", "", one) for one in lines) if re.match(begin, line))

    def test_clicks_become_sessions_and_one_between_two_makes_them_one(self):
        clicks = self.file(
            "s-ann 1000 /home", "s-bob 1500 /shop", "s-ann 9000 /cart", "s-ann 5000 /shop", "s-bob 90000 /home"
        )
        self.assertEqual(
            self.printed("s-", "click_sessions", clicks, 5),
            ["s-ann 1000 14000 3 /home", "s-bob 1500 6500 1 /shop", "s-bob 90000 95000 1 /home"],
        )

    def test_the_top_of_each_minute_and_what_was_late_for_it(self):
        views = self.file(
            *("1000 /a", "2000 /b", "3000 /b", "61000 /c", "59000 /a", "66000 /c", "59500 /late", "70000 /a", "80000 /d")
        )
        self.assertEqual(
            self.printed("top|late", "top_pages", views, 2),
            ["late 59500 /late", "top 0 /a=2 /b=2", "top 60000 /c=2 /a=1"],
        )

    def test_visits_get_the_city_of_their_user_in_order_though_answers_come_as_they_like(self):
        visits = self.file("ann /a", "silent /b", "bob /c", "nobody /d", "ann /e")
        cities = self.file("ann Rome", "bob Oslo")
        self.assertEqual(
            self.printed("ann of|bob of|nobody of|silent of", "user_lookups", visits, cities),
            ["ann of Rome saw /a", "ann of Rome saw /e", "bob of Oslo saw /c", "silent of nobody knows where saw /b"],
        )

    def test_payments_are_judged_by_the_rules_of_their_time(self):
        payments = self.file("c-1 1000 600", "c-1 20000 500", "c-3 50000 600", "c-2 110000 600", "c-1 111000 1")
        rules = self.file("big 0 1000 60", "big 100000 500 60", "small 120000 1 60")
        self.assertEqual(
            self.printed("warning", "fraud_rules", payments, rules),
            ["warning c-1 big 1100 > 1000 at 20000", "warning c-2 big 600 > 500 at 110000"],
        )

    def test_orders_go_from_state_to_state_and_do_not_wait_for_ever(self):
        events = self.file(
            "a 1000 placed", "b 2000 placed", "c 2500 shipped", "d 3000 placed", "d 4000 paid", "a 5000 paid",
            "a 9000 shipped", "e 30000 placed", "e 31000 cancelled", "b 32000 paid",
        )
        self.assertEqual(
            self.printed("order|unexpected", "order_states", events, 10),
            [
                "order a paid at 5000", "order a placed at 1000", "order a shipped at 9000",
                "order b cancelled at 12000", "order b placed at 2000",
                "order d paid at 4000", "order d placed at 3000", "order d waits for shipping at 14000",
                "order e cancelled at 31000", "order e placed at 30000",
                "unexpected b paid when cancelled", "unexpected c shipped when none",
            ],
        )

    def test_pages_that_links_lead_to_are_found_however_they_go_in_circles(self):
        links = self.file("page/a page/b", "page/a page/c", "page/b page/a", "page/c page/d", "page/x page/a")
        self.assertEqual(
            self.printed("page/", "reachable_pages", links, "page/a"), ["page/a", "page/b", "page/c", "page/d"]
        )

    def test_orders_get_the_rates_of_the_minute_before_them(self):
        orders = self.file("o-1 100000 USD 10", "o-2 100000 GBP 10", "o-3 200000 USD 2")
        rates = self.file("USD 39999 3", "USD 40000 0.5", "USD 90000 0.25", "USD 100001 7", "GBP 100000 2")
        self.assertEqual(
            self.printed("o-", "rate_enrichment", orders, rates),
            [
                "o-1 2.5 EUR, rate of 10000 ms before",
                "o-1 5 EUR, rate of 60000 ms before",
                "o-2 20 EUR, rate of 0 ms before",
            ],
        )


if __name__ == "__main__":
    unittest.main()
