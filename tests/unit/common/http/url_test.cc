#include "common/http/url.h"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

TEST(UrlTest, OnlyUnreservedCharactersStay) {
  EXPECT_EQ(encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(encoded("a b/c%é+"), "a%20b%2Fc%25%C3%A9%2B");
  EXPECT_EQ(encodedPath("/a b/c"), "/a%20b/c");
}

TEST(UrlTest, DecodingUndoesEncodingAndLeavesWhatIsNone) {
  EXPECT_EQ(decoded(encoded("a b/c%é+")), "a b/c%é+");
  EXPECT_EQ(decoded("100%"), "100%");
  EXPECT_EQ(decoded("%zz%4"), "%zz%4");
}

TEST(UrlTest, ParametersAreSorted) { EXPECT_EQ(query({{"b", "x y"}, {"a", ""}}), "a=&b=x%20y"); }

TEST(UrlTest, WhatIsShownHasNoQueryAndNoPassword) {
  EXPECT_EQ(shown("http://host:1/a?token=secret"), "http://host:1/a");
  EXPECT_EQ(shown("https://user:secret@host/a@b"), "https://host/a@b");
  EXPECT_EQ(shown("https://host/a@b"), "https://host/a@b");
}

}  // namespace
}  // namespace weir::http
