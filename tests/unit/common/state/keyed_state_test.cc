#include "common/state/keyed_state.h"

#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"

namespace weir {
namespace {

struct Mean : AggregateFunction<int, std::pair<int, int>, double> {
  std::pair<int, int> createAccumulator() override { return {0, 0}; }
  void add(const int& value, std::pair<int, int>& sum) override {
    sum.first += value;
    ++sum.second;
  }
  double getResult(const std::pair<int, int>& sum) override {
    return sum.second == 0 ? 0 : static_cast<double>(sum.first) / sum.second;
  }
  std::pair<int, int> merge(const std::pair<int, int>& a, const std::pair<int, int>& b) override {
    return {a.first + b.first, a.second + b.second};
  }
};

struct Function : StateOwner {
  ValueState<std::int64_t> value{*this, "value", 7};
  ListState<std::string> list{*this, "list"};
  ReducingState<int> reducing{*this, "reducing", [](int a, int b) { return a + b; }};
  FoldingState<int, std::string> folding{
      *this, "folding", "", [](const std::string& acc, int v) { return acc + std::to_string(v); }};
  AggregatingState<int, std::pair<int, int>, double> aggregating{*this, "aggregating", Mean{}};
  MapState<std::string, int> map{*this, "map"};
};

class KeyedStateTest : public testing::Test {
 protected:
  KeyedStateTest() {
    EXPECT_TRUE(function_.bindStates(backend_).has_value());
    backend_.setCurrentKey("a");
  }
  state::KeyedBackendOf<std::string> backend_{128};
  Function function_;
};

TEST_F(KeyedStateTest, AValueIsEditedInPlaceFromItsDefaultOn) {
  EXPECT_EQ(function_.value.edit()++, 7);
  EXPECT_EQ(function_.value.value(), 8);
  const std::int64_t* cell = &function_.value.value();
  EXPECT_EQ(&function_.value.edit(), cell) << "it is not copied";
  backend_.setCurrentKey("b");
  EXPECT_EQ(function_.value.edit(), 7) << "another key has its own";
}

TEST_F(KeyedStateTest, AListGivesItsOldestElementAndIsNoListWithoutAny) {
  EXPECT_EQ(function_.list.size(), 0U);
  EXPECT_EQ(function_.list.popFront(), std::nullopt);
  function_.list.add("x");
  function_.list.add("y");
  EXPECT_EQ(function_.list.size(), 2U);
  EXPECT_EQ(function_.list.popFront(), "x");
  EXPECT_EQ(function_.list.popFront(), "y");
  EXPECT_EQ(function_.list.size(), 0U);
  backend_.endBatch();
  EXPECT_EQ(backend_.keyCount(), 0U) << "a key without state is forgotten";
}

TEST_F(KeyedStateTest, StatesBeginEmptyAndEndEmpty) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(function_.value.value(), 7);
    EXPECT_TRUE(function_.list.get().empty());
    EXPECT_TRUE(function_.reducing.empty());
    EXPECT_EQ(function_.reducing.get(), 0);
    EXPECT_EQ(function_.folding.get(), "");
    EXPECT_EQ(function_.aggregating.get(), 0.0);
    EXPECT_TRUE(function_.map.isEmpty());

    function_.value.update(1);
    function_.list.add("x");
    function_.reducing.add(1);
    function_.folding.add(1);
    function_.aggregating.add(1);
    function_.map.put("k", 1);
    function_.value.clear();
    function_.list.update({});
    function_.reducing.clear();
    function_.folding.clear();
    function_.aggregating.clear();
    function_.map.remove("k");
    EXPECT_EQ(backend_.keyCount(), 1U);
    backend_.endBatch();
    EXPECT_EQ(backend_.keyCount(), 0U);
    backend_.setCurrentKey("a");
  }
}

TEST_F(KeyedStateTest, AListIsIterable) {
  function_.list.add("x");
  function_.list.add("y");
  std::string all;
  for (const std::string& element : function_.list) {
    all += element;
  }
  EXPECT_EQ(all, "xy");
}

TEST_F(KeyedStateTest, EachKeyHasItsOwn) {
  for (const char* key : {"a", "b", "a"}) {
    backend_.setCurrentKey(key);
    function_.value.update(function_.value.value() + 1);
    function_.list.add(key);
    function_.reducing.add(2);
    function_.folding.add(3);
    function_.aggregating.add(4);
    function_.map.put(key, static_cast<int>(function_.list.get().size()));
  }
  EXPECT_EQ(function_.value.value(), 9);
  EXPECT_EQ(function_.list.get(), (std::vector<std::string>{"a", "a"}));
  EXPECT_EQ(function_.reducing.get(), 4);
  EXPECT_EQ(function_.folding.get(), "33");
  EXPECT_EQ(function_.aggregating.get(), 4.0);
  EXPECT_EQ(function_.map.get("a"), 2);
  EXPECT_EQ(function_.map.get("b"), std::nullopt);
  EXPECT_EQ(function_.map.keys(), std::vector<std::string>{"a"});
  backend_.setCurrentKey("b");
  EXPECT_EQ(function_.value.value(), 8);
}

TEST_F(KeyedStateTest, AnUpdateMayUseTheOldValueAcrossAFreeze) {
  function_.list.add("x");
  auto frozen = backend_.freeze();
  function_.list.update(function_.list.get());
  frozen.reset();
  EXPECT_EQ(function_.list.get(), std::vector<std::string>{"x"});
}

std::vector<std::string> names(const StateOwner& owner) {
  std::vector<std::string> all;
  for (const auto& declaration : owner.declarations()) {
    all.push_back(declaration.info.name);
  }
  return all;
}

TEST(StateOwnerTest, KnowsItsStatesInOrder) {
  EXPECT_EQ(
      names(Function()),
      (std::vector<std::string>{"value", "list", "reducing", "folding", "aggregating", "map"}));
  const auto declarations = Function().declarations();
  EXPECT_EQ(declarations[5].info.kind, state::StateKind::kMap);
  EXPECT_EQ(record::describeSchema(declarations[5].info.schema), "map(string, i32)");
}

TEST(StateOwnerTest, ACopyHasStatesOfItsOwn) {
  const Function original;
  std::vector<Function> copies(3, original);
  copies.push_back(std::move(copies.front()));
  state::KeyedBackendOf<int> backend(128);
  for (Function& copy : copies) {
    const auto declarations = copy.declarations();
    ASSERT_EQ(declarations.size(), 6U);
    EXPECT_EQ(declarations[0].state, &copy.value);
  }
  ASSERT_TRUE(copies[1].bindStates(backend).has_value());
  backend.setCurrentKey(1);
  copies[1].value.update(5);
  EXPECT_THROW(copies[2].value.update(5), state::StateError);
}

TEST(StateOwnerTest, ACopyOfAStateAloneIsAHandleThatNobodyOwns) {
  Function function;
  Function copy = function;
  state::KeyedBackendOf<int> backend(128);
  ASSERT_TRUE(function.bindStates(backend).has_value());
  {
    auto handle = function.value;
    backend.setCurrentKey(1);
    handle.update(3);
    EXPECT_EQ(function.value.value(), 3);
  }
  EXPECT_EQ(names(copy).size(), 6U);
  EXPECT_EQ(names(function).size(), 6U);
}

TEST(StateOwnerTest, TwoStatesOfOneNameAreAnError) {
  struct Twice : StateOwner {
    ValueState<int> one{*this, "same"};
    ListState<int> two{*this, "same"};
  };
  const Status status = Twice().checkDeclarations();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().text(),
            "two states of the function are called 'same'; give each its own name");
  EXPECT_TRUE(Function().checkDeclarations().has_value());
}

}  // namespace
}  // namespace weir
