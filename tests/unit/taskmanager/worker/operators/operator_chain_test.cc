#include "taskmanager/worker/operators/operator_chain.h"

#include <array>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/alarms.h"
#include "common/functions/operator_base.h"
#include "common/state/keyed_backend.h"

namespace weir::worker {
namespace {

using ::testing::ElementsAre;

using Log = std::vector<std::string>;

/// Notes every call under its name.
class LoggingOperator final : public functions::OperatorBase {
 public:
  static inline std::string failing;  // The operator that throws at records and at its end.

  /// A has two ports.
  LoggingOperator(std::string name, Log& log)
      : OperatorBase(name == "A" ? 2 : 1), name_(std::move(name)), log_(log) {}
  void setup(functions::OperatorContext& context) override {
    OperatorBase::setup(context);
    EXPECT_EQ(context.task().operator_name, name_);
  }
  functions::AnyReceiver* input(std::uint32_t port) override { return &ports_[port]; }
  void addOutput(functions::AnyReceiver& next) override {
    next_.push_back(&static_cast<functions::Receiver<int>&>(next));
  }
  Status restore(const functions::OperatorRestore& /*restore*/) override { return ok(); }
  void check(const functions::OperatorRestore& /*restore*/,
             state::CheckListener& /*listener*/) override {}
  void open() override { log_.push_back("open " + name_ + atWork()); }
  void endInput() override {
    log_.push_back("end " + name_ + atWork());
    throwIfFailing();
  }
  void onWatermark(const functions::Watermark& watermark) override {
    log_.push_back("watermark " + name_ + " " + std::to_string(watermark.time) + atWork());
    emit(watermark);
  }
  void emit(const functions::Signal& signal) override {
    if (std::holds_alternative<functions::Barrier>(signal)) {
      log_.push_back("barrier " + name_);
    }
    for (auto* next : next_) {
      next->receive(signal);
    }
  }
  void close() override {
    log_.push_back("close " + name_ + atWork());
    if (name_ == "B") {
      throw std::runtime_error("close of B");
    }
  }
  std::unique_ptr<state::FrozenState> snapshot(CheckpointId /*checkpoint*/) override {
    log_.push_back("snapshot " + name_ + atWork());
    return nullptr;
  }

 private:
  struct Port final : functions::Receiver<int> {
    Port(LoggingOperator& of, std::uint32_t at) : owner(of), index(at) {}
    void receive(Batch<int>& batch) override { owner.process(batch); }
    void receive(const functions::Signal& signal) override { owner.onSignal(index, signal); }
    LoggingOperator& owner;
    std::uint32_t index;
  };

  void process(Batch<int>& batch) {
    const functions::AtWork at_work(work_, batch.size());
    log_.push_back("receive " + name_);
    throwIfFailing();
    for (auto* next : next_) {
      next->receive(batch);
    }
  }
  void throwIfFailing() const {
    if (name_ == failing) {
      throw std::runtime_error(name_ + " fails");
    }
  }
  /// Empty when this operator is the one that a crash would be blamed on.
  std::string atWork() const {
    return functions::workOfThread().current == &work_ ? "" : " of nobody";
  }

  std::string name_;
  Log& log_;
  std::array<Port, 2> ports_{Port(*this, 0), Port(*this, 1)};
  std::vector<functions::Receiver<int>*> next_;
};

/// Passes one batch for every byte.
class ByteReader final : public functions::EdgeReader {
 public:
  explicit ByteReader(functions::AnyReceiver& target)
      : target_(static_cast<functions::Receiver<int>&>(target)) {}
  void begin() override {}
  std::size_t read(std::span<const std::byte> bytes, std::size_t /*limit*/) override {
    Batch<int> batch;
    batch.records.push_back(1);
    target_.receive(batch);
    return bytes.size();
  }
  void receive(const functions::Signal& signal) override { target_.receive(signal); }

 private:
  functions::Receiver<int>& target_;
};

/// Two edges into A's port 0, one into its port 1; A is chained with B and C.
class OperatorChainTest : public ::testing::Test {
 protected:
  OperatorChainTest() {
    for (const char* name : {"A", "B", "C"}) {
      graph::JobOperator one;
      one.name = name;
      graph_.operators.push_back(one);
      code_.operators.emplace_back().make = [this, name] {
        return std::make_unique<LoggingOperator>(name, log_);
      };
    }
    graph::JobVertex vertex;
    vertex.name = "A -> (B, C)";
    vertex.operators = {0, 1, 2};
    vertex.links = {{0, 1, 0}, {0, 2, 0}};
    graph_.vertices = {graph::JobVertex(), vertex};
    for (const std::uint32_t port : {0U, 0U, 1U}) {
      graph::JobEdge edge;
      edge.target_vertex = 1;
      edge.port = port;
      graph_.edges.push_back(edge);
      code_.edges.emplace_back().make_reader = [](functions::AnyReceiver& target) {
        return std::make_unique<ByteReader>(target);
      };
    }
    ChainSetup setup;
    setup.graph = &graph_;
    setup.code = &code_;
    setup.vertex = 1;
    setup.time = &time_;
    chain_ = std::make_unique<OperatorChain>(setup);
  }

  functions::ManualTime time_;
  Log log_;
  graph::JobGraph graph_;
  graph::ProgramCode code_;
  std::unique_ptr<OperatorChain> chain_;
};

TEST_F(OperatorChainTest, OpensConsumersBeforeTheirProducers) {
  chain_->open();
  EXPECT_THAT(log_, ElementsAre("open C", "open B", "open A"));
}

TEST_F(OperatorChainTest, RecordsOfAnEdgeRunThroughTheWholeChain) {
  const std::byte byte{1};
  chain_->reader(1).read({&byte, 1}, 1);
  EXPECT_THAT(log_, ElementsAre("receive A", "receive B", "receive C"));
}

TEST_F(OperatorChainTest, TheEndOfTheLastPortRunsDownTheChain) {
  chain_->receive(0, functions::EndOfInput{});
  EXPECT_TRUE(log_.empty());
  chain_->receive(1, functions::EndOfInput{});
  EXPECT_THAT(log_, ElementsAre("end A", "end B", "end C"));
}

TEST_F(OperatorChainTest, AWatermarkRunsDownTheChainBehindTheRecordsThatCameBeforeIt) {
  const std::byte byte{1};
  chain_->receive(0, functions::Watermark{7});
  chain_->reader(1).read({&byte, 1}, 1);
  chain_->receive(1, functions::Watermark{5});
  EXPECT_THAT(log_,
              ElementsAre("receive A",
                          "receive B",
                          "receive C",
                          "watermark A 5",
                          "watermark B 5",
                          "watermark C 5"));
}

TEST_F(OperatorChainTest, ABarrierPassesEveryOperatorOnceThoughItsHeadHasTwoPorts) {
  chain_->receive(functions::Barrier{CheckpointId(1), 0, false});
  EXPECT_THAT(log_, ElementsAre("barrier A", "barrier B", "barrier C"));
}

TEST_F(OperatorChainTest, NamesTheChainedOperatorThatThrewAtItsEnd) {
  LoggingOperator::failing = "C";
  chain_->receive(0, functions::EndOfInput{});
  EXPECT_THROW(chain_->receive(1, functions::EndOfInput{}), std::runtime_error);
  LoggingOperator::failing.clear();
  EXPECT_EQ(chain_->where(), "C");
}

TEST_F(OperatorChainTest, DoesNotEndAnOperatorAgainThatWasRestoredAsFinished) {
  chain_->setFinished(1);
  chain_->receive(functions::EndOfInput{});
  EXPECT_THAT(log_, ElementsAre("end A", "end C"));
}

TEST_F(OperatorChainTest, ClosesEveryOperatorOnceAndThenThrowsTheFirstException) {
  EXPECT_THROW(chain_->close(), std::runtime_error);
  EXPECT_EQ(chain_->where(), "B");
  chain_->close();
  EXPECT_THAT(log_, ElementsAre("close A", "close B", "close C"));
}

TEST_F(OperatorChainTest, NamesTheChainedOperatorThatThrewAtARecord) {
  const std::byte byte{1};
  for (const char* name : {"C", "A", "B"}) {
    LoggingOperator::failing = name;
    EXPECT_THROW(chain_->reader(1).read({&byte, 1}, 1), std::runtime_error);
    EXPECT_EQ(chain_->where(), name);
  }
  LoggingOperator::failing.clear();
}

TEST_F(OperatorChainTest, BlamesNoOperatorOfAnEarlierBatchForWhatFailsLater) {
  const std::byte byte{1};
  LoggingOperator::failing = "C";
  EXPECT_THROW(chain_->reader(1).read({&byte, 1}, 1), std::runtime_error);
  LoggingOperator::failing.clear();
  chain_->flush();
  EXPECT_EQ(chain_->where(), "A -> (B, C)");
}

TEST_F(OperatorChainTest, SnapshotsOneEntryPerOperator) {
  EXPECT_EQ(chain_->snapshot(CheckpointId(1)).size(), 3U);
  EXPECT_THAT(log_, ElementsAre("snapshot A", "snapshot B", "snapshot C"));
  EXPECT_EQ(functions::workOfThread().current, nullptr);
}

TEST_F(OperatorChainTest, CallsNoOperatorOnceTheWorkerIsGivenUp) {
  Lease lease;
  ChainSetup setup;
  setup.graph = &graph_;
  setup.code = &code_;
  setup.vertex = 1;
  setup.time = &time_;
  setup.task.lease = &lease;
  OperatorChain chain(setup);
  chain.open();
  lease.renew(nanosSinceBoot() - 1);
  EXPECT_EXIT(chain.notifyComplete(CheckpointId(1)),
              ::testing::ExitedWithCode(Lease::kExitStatus),
              "has run out");
}

}  // namespace
}  // namespace weir::worker
