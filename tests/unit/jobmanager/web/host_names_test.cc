#include "jobmanager/web/host_names.h"

#include <gtest/gtest.h>

namespace weir::jobmanager::web {
namespace {

TEST(HostNamesTest, ServeTheirOwnAddressesAndLocalhost) {
  const HostNames names({"", "Master.Example.org"});
  for (const char* host : {"master.example.org",
                           "MASTER.example.org:8081",
                           "master.example.org.",
                           "localhost",
                           "localhost:8081",
                           "x.localhost",
                           "10.0.0.1:80",
                           "[::1]:80",
                           "[fe80::1]"}) {
    EXPECT_TRUE(names.contain(host)) << host;
  }
}

TEST(HostNamesTest, RefuseForeignNames) {
  const HostNames names({"master"});
  for (const char* host : {"evil.example",
                           "master.evil.example",
                           "localhost.evil.example",
                           "[evil]",
                           "[::1",
                           "10.0.0.1.evil.example",
                           "",
                           "evil.example:127.0.0.1",
                           "1.2.3"}) {
    EXPECT_FALSE(names.contain(host)) << host;
  }
}

TEST(HostNamesTest, AStarServesAll) { EXPECT_TRUE(HostNames({"*"}).contain("evil.example")); }

}  // namespace
}  // namespace weir::jobmanager::web
