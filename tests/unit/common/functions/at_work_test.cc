#include "common/functions/at_work.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

struct Refuse {
  int at;
  int operator()(const int& value) const {
    if (value == at) {
      throw std::runtime_error("no " + std::to_string(value));
    }
    return value;
  }
};
using Mapping = OneInputOperator<MapStep, Refuse, int, int, NoKey, NoSelector>;

TEST(AtWorkTest, TheThrowerIsTheInnermostOperatorAndKnowsItsRecords) {
  FakeContext context;
  Mapping first(Refuse{-1}, {});
  Mapping second(Refuse{3}, {});
  first.setup(context);
  second.setup(context);
  first.addOutput(*second.input(0));
  auto fine = batchOf<int>({1, 2});
  first.receive(fine);
  EXPECT_EQ(workOfThread().current, nullptr);
  EXPECT_EQ(workOfThread().thrower, nullptr);
  auto bad = batchOf<int>({3, 4, 5});
  EXPECT_THROW(first.receive(bad), std::runtime_error);
  ASSERT_NE(workOfThread().thrower, nullptr);
  EXPECT_EQ(workOfThread().thrower->operator_name, "tested");
  EXPECT_EQ(workOfThread().thrower->records, 5U);
  EXPECT_EQ(workOfThread().current, nullptr);
}

TEST(AtWorkTest, WhatAnOperatorCatchesIsForgottenWithTheNextBatch) {
  Work outer{"outer", 0};
  Work inner{"inner", 0};
  {
    const AtWork at_work(outer, 1);
    try {
      const AtWork nested(inner, 1);
      throw std::runtime_error("caught");
    } catch (const std::runtime_error&) {
      EXPECT_EQ(workOfThread().current, &outer);
    }
  }
  const AtWork next(outer, 1);
  EXPECT_EQ(workOfThread().thrower, nullptr);
}

}  // namespace
}  // namespace weir::functions
