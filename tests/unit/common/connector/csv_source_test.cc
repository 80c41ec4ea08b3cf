#include "common/connector/csv_source.h"

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Pair = std::pair<std::string, int>;

struct Trade {
  std::string symbol;
  double price = 0;
  std::optional<std::int64_t> time;
};

struct Row {
  std::string s;
  int n = 0;
};

class CsvSourceTest : public ConnectorTest {
 protected:
  template <typename T>
  std::vector<T> records(const std::string& text, CsvOptions options = {}) {
    CsvSource<T> source(write("in.csv", text), options);
    source.open(alone_.context());
    Collected<T> context;
    return drain(source, context);
  }
  template <typename T>
  std::string failure(const std::string& text, CsvOptions options = {}) {
    try {
      records<T>(text, options);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  Subtask alone_;
};

TEST_F(CsvSourceTest, ReadsQuotedFieldsAsRfc4180HasThem) {
  EXPECT_THAT(records<Pair>("a,1\r\n\"b,c\",2\n\"d\"\"e\r\nf\",3\n\"\",4"),
              ElementsAre(Pair("a", 1), Pair("b,c", 2), Pair("d\"e\r\nf", 3), Pair("", 4)));
}

TEST_F(CsvSourceTest, PassesOverBlankLinesAndAByteOrderMark) {
  EXPECT_THAT(records<Pair>("\xef\xbb\xbf\"a\",1\n\r\n\nb,2\n\n"),
              ElementsAre(Pair("a", 1), Pair("b", 2)));
  EXPECT_THAT(records<Pair>(""), ElementsAre());
}

TEST_F(CsvSourceTest, FindsMembersByTheNamesInTheHeader) {
  const auto trades =
      records<Trade>("time,other,price,symbol\n7,x,1.5,A\n,y,2,B\n", {.header = true});
  ASSERT_EQ(trades.size(), 2U);
  EXPECT_EQ(trades[0].symbol, "A");
  EXPECT_EQ(trades[0].price, 1.5);
  EXPECT_EQ(trades[0].time, 7);
  EXPECT_EQ(trades[1].time, std::nullopt);
  EXPECT_THAT(failure<Trade>("time,price\n7,1\n", {.header = true}),
              HasSubstr("in.csv, line 1: the header names no column 'symbol'"));
}

TEST_F(CsvSourceTest, ReadsTuplesByPositionAndSingleColumns) {
  using Three = std::tuple<int, std::string, bool>;
  EXPECT_THAT(records<Three>("n;s;b\n1;x,y;true\n", {.header = true, .delimiter = ';'}),
              ElementsAre(Three(1, "x,y", true)));
  EXPECT_THAT(records<int>("1\n2\n"), ElementsAre(1, 2));
}

TEST_F(CsvSourceTest, NamesFileLineAndColumnOfWhatDoesNotFit) {
  EXPECT_THAT(failure<Trade>("\"a\nb\",1,2\nc,x,2\n"),
              HasSubstr("in.csv, line 3: column 2 ('price'): 'x' is not a number"));
  EXPECT_THAT(failure<Pair>("a,3000000000\n"),
              HasSubstr("'3000000000' is not an integer that fits"));
  EXPECT_THAT(failure<Pair>("a,1\nb\n"),
              HasSubstr("line 2: the record has 1 fields, and 2 are expected"));
  EXPECT_THAT(failure<Pair>("a,1 \n"), HasSubstr("'1 ' is not"));
}

TEST_F(CsvSourceTest, RefusesQuotesThatDoNotMatch) {
  EXPECT_THAT(failure<Pair>("a,1\n\"b,2\nc,3\n"), HasSubstr("line 2: a quoted field begins here"));
  EXPECT_THAT(failure<Pair>("\"a\"b,1\n"), HasSubstr("text follows a closing quote"));
  EXPECT_THAT(failure<Pair>("a\"b,1\n"), HasSubstr("a quote stands inside a field"));
  CsvOptions short_records;
  short_records.longest_record = 1000;
  EXPECT_THAT(failure<Pair>("\"" + std::string(1'000'000, 'x'), short_records),
              HasSubstr("longer than 1000 bytes"));
}

TEST_F(CsvSourceTest, GoesOnBehindTheLastRecordAfterARestore) {
  std::string text = "n,s\n";
  for (int i = 0; i < 200; ++i) {
    text += std::to_string(i) + ",\"" + std::string(5000, 'x') + "\n\"\n";
  }
  CsvSource<Row> first(write("in.csv", text), {.header = true});
  first.open(alone_.context());
  Collected<Row> context;
  first.pollNext(context);
  auto all = context.take();
  ASSERT_LT(all.size(), 200U);
  CsvSource<Row> second(path("in.csv"), {.header = true});
  second.restoreState(first.snapshotState(1));
  second.open(alone_.context());
  for (Row& row : drain(second, context)) {
    all.push_back(std::move(row));
  }
  ASSERT_EQ(all.size(), 200U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(all[static_cast<std::size_t>(i)].n, i);
  }
}

TEST_F(CsvSourceTest, DealsWholeFilesToSubtasks) {
  write("dir/a", "1\n2\n");
  write("dir/b", "3\n");
  std::vector<std::vector<int>> of_subtask;
  for (std::uint32_t index = 0; index < 2; ++index) {
    CsvSource<int> source(path("dir"));
    Subtask subtask(index, 2);
    source.open(subtask.context());
    Collected<int> context;
    of_subtask.push_back(drain(source, context));
  }
  EXPECT_THAT(of_subtask, ElementsAre(ElementsAre(1, 2), ElementsAre(3)));
}

}  // namespace
}  // namespace weir
