#include "common/config/source_file.h"

#include <cctype>
#include <random>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::config {
namespace {

using testing::HasSubstr;

/// "key=value key=value", or the error.
std::string read(const std::string& text) {
  const auto entries = parseSource(text, "conf");
  if (!entries.has_value()) {
    return entries.error().text();
  }
  std::string shown;
  for (const RawEntry& entry : *entries) {
    shown += (shown.empty() ? "" : " ") + entry.key + "=" + entry.value;
  }
  return shown;
}

TEST(SourceFileTest, BlanksBeforeAKeyOfAFlatFileMeanNothing) {
  EXPECT_EQ(read(" jobmanager.rpc.address: h1\njobmanager.rpc.port: 7000\n"),
            "jobmanager.rpc.address=h1 jobmanager.rpc.port=7000");
  EXPECT_EQ(read("a: 1\n   b: 2\n\tc: 3"), "a=1 b=2 c=3");
}

TEST(SourceFileTest, ASecondDocumentIsAnErrorWithItsLine) {
  EXPECT_THAT(read("jobmanager:\n  rpc.address: h1\n---\nparallelism.default: 2\n"),
              HasSubstr("conf:3: a second document begins"));
  EXPECT_THAT(read("a: 1\n---\nb: 2\n"), HasSubstr("conf:2: a second document begins"));
  EXPECT_THAT(read("a:\n  b: 1\n...\nc: 2\n"), HasSubstr("conf:4: "));
  EXPECT_EQ(read("---\na: 1\n"), "a=1");
  EXPECT_EQ(read("---\na:\n  b: 1\n...\n"), "a.b=1");
  EXPECT_EQ(read("# nothing\n---\n"), "");
}

TEST(SourceFileTest, ALineThatIsIndentedLessThanTheFirstIsAnError) {
  EXPECT_THAT(read("  a:\n    b: 1\nc: 2\n"), HasSubstr("conf:3: "));
  EXPECT_THAT(read("a:\n    b: 1\n  c: 2\n"), HasSubstr("conf:3: "));
}

TEST(SourceFileTest, ALineThatContinuesAPlainValueIsAnError) {
  EXPECT_THAT(read("a:\n  b: h1\n    c 7000\n"), HasSubstr("conf:3: "));
  EXPECT_THAT(read("a:\n  b: h1\n\n    parallelism 2\n"), HasSubstr("conf:4: "));
  EXPECT_EQ(read("a:\n  b: h1\n  parallelism 2\n"), "a.b=h1 a.parallelism 2=");
  EXPECT_EQ(read("a:\n  b: \"one\n    two\"\n"), "a.b=one two");
  EXPECT_EQ(read("a:\n  b: |\n    one # two\n    three\nc: 1\n"), "a.b=one # two\nthree\n c=1");
}

TEST(SourceFileTest, ADirectiveIsAnError) {
  EXPECT_THAT(read("%parallelism.default: 2\n---\na:\n  b: 1\n"), HasSubstr("conf:1: "));
}

TEST(SourceFileTest, AHashMeansTheSameFlatAndNested) {
  const auto value = [](const std::string& written) {
    const std::string flat = read("a.b: " + written + "\nc: 1\n");
    EXPECT_EQ(read("a:\n  b: " + written + "\nc: 1\n"), flat);
    return flat;
  };
  EXPECT_EQ(value("/x#y"), "a.b=/x#y c=1");
  EXPECT_EQ(value("/x #y"), "a.b=/x c=1");
  EXPECT_EQ(value("/x#y # z"), "a.b=/x#y c=1");
  EXPECT_EQ(value("\"/x # y\" # z"), "a.b=/x # y c=1");
  EXPECT_EQ(value("'it''s # y' # z"), "a.b=it's # y c=1");
  EXPECT_EQ(value("\"a\\\" # b\""), "a.b=a\" # b c=1");
  EXPECT_EQ(value("[x, 'y # z'] # w"), "a.b=x,y # z c=1");
  EXPECT_EQ(value("# nothing"), "a.b= c=1");
}

TEST(SourceFileTest, AKeyAndAValueHaveABlankBetween) {
  EXPECT_THAT(read("a: 1\nb:2\n"), testing::AnyOf(HasSubstr("conf:2: "), HasSubstr("b:2=")));
  EXPECT_THAT(read("jobmanager.rpc.port:7000\n"), HasSubstr("conf:1: there is no blank after"));
  EXPECT_THAT(read("a: 1\nb:2\nc: 3\n"), testing::AnyOf(HasSubstr("conf:2: "), HasSubstr("b:2=")));
  EXPECT_EQ(read("a: file:/x:y\n"), "a=file:/x:y");
}

TEST(SourceFileTest, EveryKindOfLineEndAndAByteOrderMarkAreRead) {
  EXPECT_EQ(read("a: 1\r\nb: 2\r\n"), "a=1 b=2");
  EXPECT_EQ(read("a: 1\rb: 2"), "a=1 b=2");
  EXPECT_EQ(read("a:\r\n  b: 1\r\n  c: 2\r\n"), "a.b=1 a.c=2");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a: 1\n"),
            "a=1");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a:\n  b: 1\n"),
            "a.b=1");
}

TEST(SourceFileTest, BytesThatHideWhatFollowsAreErrorsWithTheirLine) {
  EXPECT_THAT(read(std::string("a: 1\nb: 2\0\nc: 3\n", 16)), HasSubstr("conf:2: "));
  EXPECT_THAT(read("a:\n  b: 1\n\x04\nc: 3\n"), HasSubstr("conf:3: here is the control character"));
  EXPECT_THAT(read("a: 1\nb: caf\xe9\n"), HasSubstr("conf:2: the file is not UTF-8"));
  EXPECT_THAT(read(std::string("\xff\xfe"
                               "a\0:\0",
                               6)),
              HasSubstr("conf:1: the file is not UTF-8"));
  EXPECT_EQ(read("a: caf\u00e9\n"), "a=caf\u00e9");
}

TEST(SourceFileTest, TabsAreBlanksFlatAndNoIndentation) {
  EXPECT_EQ(read("a:\t1\t# one\n"), "a=1");
  EXPECT_THAT(read("a:\n\tb: 1\n"), HasSubstr("conf:2: "));
}

TEST(SourceFileTest, ListsAndBracesAreReadOrRefusedWithTheirLine) {
  EXPECT_EQ(read("a:\n  b:\n    - x\n    - y\n"), "a.b=x,y");
  EXPECT_EQ(read("a: {b: 1, c: 2}\n"), "a.b=1 a.c=2");
  EXPECT_EQ(read("a: {b: 1,\n  c: [x,\n  y]\n}\n"), "a.b=1 a.c=x,y");
  EXPECT_THAT(read("a:\n  b: ['x,y', z]\n"), HasSubstr("conf:2: "));
  EXPECT_THAT(read("a:\n  - b: 1\n"), HasSubstr("conf:"));
  EXPECT_THAT(read("a: {b: 1} c\n"), HasSubstr("conf:1: "));
  EXPECT_THAT(read("a:\n  b: !c\n"), HasSubstr("conf:2: a value begins with '!'"));
  EXPECT_THAT(read("a: {b: 1}\n]\nc: 2\n"), HasSubstr("conf:"));
  EXPECT_EQ(read("t:\n  a: &x {b: 1}\n  c: *x\n"), "t.a.b=1 t.c.b=1");
  EXPECT_THAT(read("a: 'b' c\n"), HasSubstr("conf:1: "));
}

TEST(SourceFileTest, ALongFlatFileIsReadToItsEnd) {
  std::string text;
  for (int i = 0; i < 30000; ++i) {
    text += "key" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  }
  const auto entries = parseSource(text, "conf");
  ASSERT_TRUE(entries.has_value());
  EXPECT_EQ(entries->size(), 30000U);
  EXPECT_EQ(entries->back().line, 30000);
}

/// Every letter of what was written, comments left out, is in an entry.
bool isAccountedFor(const std::string& text, const std::vector<RawEntry>& entries) {
  std::string found;
  for (const RawEntry& entry : entries) {
    found += entry.key + entry.value;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (const char c : line) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 && found.find(c) == std::string::npos) {
        return false;
      }
    }
  }
  return true;
}

TEST(SourceFileTest, NoLetterOfARandomFileIsLostWithoutAnError) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {
      ": ", ":",  "\n", "\n", "\n  ", "\n ", "\n\t", "- ", "---\n", "...\n", "[", "]",    "{",
      "}",  ", ", "'",  "\"", "|\n",  "> ",  "? ",   "%",  "!",     ".",     "=", "\r\n", " "};
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    char letter = 'a';  // Each letter once, so that one that is lost is missed.
    const int length = 3 + static_cast<int>(random() % 12);
    for (int i = 0; i < length; ++i) {
      if (random() % 2 == 0 && letter <= 'z') {
        text += letter++;
        text += random() % 2 == 0 ? ": " : "";
      } else {
        text += pieces[random() % pieces.size()];
      }
    }
    const auto entries = parseSource(text, "conf");
    if (entries.has_value()) {
      ++accepted;
      EXPECT_TRUE(isAccountedFor(text, *entries)) << "in:\n" << text << "\nread: " << read(text);
    } else {
      EXPECT_THAT(entries.error().text(), HasSubstr("conf:"));
    }
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace weir::config
