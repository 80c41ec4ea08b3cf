#include "common/http/xml.h"

#include <string>

#include <boost/property_tree/ptree.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::http {
namespace {

using ::testing::HasSubstr;

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

std::string nested(int levels) { return times(levels, "<a>") + times(levels, "</a>"); }

TEST(XmlTest, ReadsElements) {
  const auto tree = parseXml("<?xml version=\"1.0\"?><a b='>'><c>x &lt; y</c><d/></a>");
  ASSERT_TRUE(tree) << tree.error().text();
  EXPECT_EQ(tree->get("a.c", ""), "x < y");
  EXPECT_FALSE(parseXml("<a>"));
  EXPECT_FALSE(parseXml("<html"));
}

TEST(XmlTest, RefusesWhatNestsTooDeepAndTakesManyElementsBesideEachOther) {
  EXPECT_TRUE(parseXml(nested(100)));
  EXPECT_THAT(parseXml(nested(101)).error().text(), HasSubstr("nest deeper than 100"));
  EXPECT_TRUE(parseXml("<all>" + times(10'000, "<a><b/></a>") + "</all>"));
}

TEST(XmlTest, NothingHidesHowDeepADocumentNests) {
  const std::string deep = nested(200'000);
  for (const char* const before : {"<!-- <a> -->",
                                   "<!---->",
                                   "<x b='<!--'/>",
                                   "<x b=\"><!--\"/>",
                                   "<x='/>",
                                   "<x=\"'><y/></x=\"'>",
                                   "<!x [>",
                                   "<!DOCTYPE a [ <!-- ] >",
                                   "<?x > ?>",
                                   "<x b='\"' c='\" d=\">'/>",
                                   "<x <y/>"}) {
    EXPECT_FALSE(parseXml(std::string("<all>") + before + deep + "</all>")) << before;
  }
}

}  // namespace
}  // namespace weir::http
