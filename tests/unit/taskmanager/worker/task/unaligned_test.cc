#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/snapshot/section_opener.h"
#include "taskmanager/worker/checkpoint/in_flight.h"
#include "tests/unit/taskmanager/worker/task/fakes.h"

namespace weir::worker {
namespace {

using runtime::TaskState;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint32_t kSources = 2;
using Acks = std::vector<runtime::CheckpointAck>;

struct OtherItem {
  std::uint64_t key = 0;
  std::string value;
};
/// What Items migrate to.
struct GrownItem {
  std::uint32_t added = 3;
  std::uint64_t value = 0;
  std::uint64_t key = 0;
};

/// The operators of the tests know Items: the ends of the edge turn these into GrownItems and back.
class GrownWriter final : public functions::EdgeWriter, public functions::Receiver<Item> {
 public:
  explicit GrownWriter(functions::EdgeOutput& output)
      : writer_(output, [channels = output.channels()](const GrownItem& item) {
          return static_cast<std::uint32_t>(item.key % channels);
        }) {}
  functions::AnyReceiver& receiver() override { return *this; }
  void flush() override { writer_.flush(); }
  void receive(Batch<Item>& batch) override {
    Batch<GrownItem> grown;
    for (const Item& item : batch.records) {
      grown.records.push_back({3, item.value, item.key});
    }
    grown.timestamps = batch.timestamps;
    writer_.receive(grown);
  }
  void receive(const functions::Signal& signal) override { writer_.receive(signal); }

 private:
  using Choose = std::function<std::uint32_t(const GrownItem&)>;
  functions::TypedEdgeWriter<GrownItem, Choose> writer_;
};

class GrownReader final : public functions::EdgeReader, public functions::Receiver<GrownItem> {
 public:
  explicit GrownReader(functions::AnyReceiver& target)
      : target_(static_cast<functions::Receiver<Item>&>(target)), reader_(*this) {}
  void begin() override { reader_.begin(); }
  std::size_t read(std::span<const std::byte> bytes, std::size_t limit) override {
    return reader_.read(bytes, limit);
  }
  void receive(Batch<GrownItem>& batch) override {
    Batch<Item> items;
    for (const GrownItem& item : batch.records) {
      EXPECT_EQ(item.added, 3U);
      items.records.push_back({item.key, item.value});
    }
    items.timestamps = batch.timestamps;
    target_.receive(items);
  }
  void receive(const functions::Signal& signal) override { target_.receive(signal); }
  record::Schema schema() const override { return reader_.schema(); }

 private:
  functions::Receiver<Item>& target_;
  functions::TypedEdgeReader<GrownItem> reader_;
};

/// Reads Items and says that they were something else.
class OtherReader final : public functions::EdgeReader {
 public:
  explicit OtherReader(functions::AnyReceiver& target) : reader_(target) {}
  void begin() override { reader_.begin(); }
  std::size_t read(std::span<const std::byte> bytes, std::size_t limit) override {
    return reader_.read(bytes, limit);
  }
  void receive(const functions::Signal& signal) override { reader_.receive(signal); }
  record::Schema schema() const override { return record::schemaOf<OtherItem>(); }

 private:
  functions::TypedEdgeReader<Item> reader_;
};

/// One worker with two sources and any number of slow sinks, whose barriers may overtake.
class UnalignedTest : public ::testing::Test {
 protected:
  UnalignedTest() {
    deployment_.execution = {JobId(), AttemptId(1), LeaderEpoch(1)};
    deployment_.workers.resize(1);
    deployment_.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    deployment_.storage.directory = "file:/checkpoints/job";
    space_.sink_nanos = 20'000'000;
    settings_.enabled = true;
    settings_.unaligned = true;
  }
  ~UnalignedTest() override { end(); }

  void start(std::uint32_t sinks) {
    graph::ProgramGraph program = keyedJob(space_, kSources);
    program.graph.operators[1].parallelism = sinks;
    program.graph.vertices[1].parallelism = sinks;
    program.graph.edges[0].partitioning = partitioning_;
    program.graph.checkpoints = settings_;
    if (change_) {
      change_(program);
    }
    deployment_.graph = std::move(program.graph);
    deployment_.placement = {std::vector<std::uint32_t>(kSources, 0),
                             std::vector<std::uint32_t>(sinks, 0)};
    auto made = Worker::make(
        deployment_,
        std::move(program.code),
        WorkerSurroundings{
            files_, random_, clock_, [this](auto report) { reports_.add(std::move(report)); }, {}});
    ASSERT_TRUE(made.has_value());
    worker_ = *std::move(made);
    worker_->start();
    sinks_ = sinks;
  }
  void end() {
    if (worker_ != nullptr) {
      worker_->handle(runtime::CancelOrder{deployment_.execution});
      worker_.reset();
    }
  }
  Acks checkpoint(std::uint64_t id, bool savepoint = false) {
    runtime::CheckpointOrder order;
    order.checkpoint = CheckpointId(id);
    order.savepoint = savepoint;
    worker_->handle(runtime::TriggerOrder{deployment_.execution, order});
    return reports_.awaitAcks(kSources + sinks_, id);
  }
  /// Until the sources are held up: every channel is full.
  void awaitBackPressure() {
    for (std::uint64_t before = ~0ULL; before != space_.emitted || before == 0;) {
      before = space_.emitted;
      const std::uint64_t received = space_.received;
      while (space_.received < received + 3) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }
  /// The next attempt begins with what `acks` have stored, every section sent to every subtask.
  void restart(const Acks& acks, std::uint32_t sinks) {
    const std::uint32_t old_sinks = sinks_;
    end();
    deployment_.restores = {};
    deployment_.execution.attempt = AttemptId(deployment_.execution.attempt.value() + 1);
    for (std::size_t vertex = 0; vertex < 2; ++vertex) {
      const OperatorId id = deployment_.graph->vertices[vertex].id;
      std::vector<runtime::RestoreSection> sections;
      for (const auto& ack : acks) {
        if (ack.task.vertex == id) {
          sections.push_back({ack.task.subtask, ack.operators[0].handle});
        }
      }
      std::ranges::sort(sections, {}, &runtime::RestoreSection::old_subtask);
      for (std::uint32_t subtask = 0; subtask < (vertex == 0 ? kSources : sinks); ++subtask) {
        runtime::TaskRestore restore{{id, subtask}, {}};
        auto& order = restore.operators.emplace_back();
        order.id = id;
        order.old_parallelism = vertex == 0 ? kSources : old_sinks;
        deployment_.restores.give(order, sections);
        deployment_.restores.tasks.push_back(std::move(restore));
      }
    }
    space_.received = 0;
    start(sinks);
  }
  std::uint64_t sumOf(const Acks& acks, std::size_t vertex) {
    std::uint64_t sum = 0;
    for (const auto& ack : acks) {
      if (ack.task.vertex != deployment_.graph->vertices[vertex].id) {
        continue;
      }
      const auto section = snapshot::SectionOpener(files_).open(ack.operators[0].handle);
      const auto states = state::readOperatorStates(**section);
      sum +=
          *state::decodeElement<std::uint64_t>((*states)[0].elements[0], (*states)[0].info.schema);
    }
    return sum;
  }
  static std::uint64_t inFlight(const Acks& acks) {
    std::uint64_t bytes = 0;
    for (const auto& ack : acks) {
      bytes += ack.in_flight_bytes;
    }
    return bytes;
  }
  /// The sources' positions are what the sinks have summed and what was in flight.
  void expectWhole(const Acks& acks) {
    EXPECT_EQ(sumOf(acks, 0) * sizeof(Item),
              sumOf(acks, 1) * sizeof(Item) + inFlight(acks) - buffersIn(acks));
  }
  /// Each begins with a byte that is no record.
  std::uint64_t buffersIn(const Acks& acks) {
    std::uint64_t buffers = 0;
    for (const auto& ack : acks) {
      const auto section = snapshot::SectionOpener(files_).open(ack.operators[0].handle);
      for (std::size_t i = 0; i < (*section)->states().size(); ++i) {
        if ((*section)->states()[i].kind == state::StateKind::kInFlight) {
          const auto records = decodeInFlight(**section, i);
          // The end of a source's time, where it has ended already, is no buffer.
          buffers += static_cast<std::uint64_t>(
              std::ranges::count_if(records->elements, [](const OvertakenElement& one) {
                return std::holds_alternative<functions::Buffer>(one.element);
              }));
        }
      }
    }
    return buffers;
  }
  void expectExactlyOnce(const Acks& acks) {
    space_.sink_nanos = 0;
    const std::uint64_t attempt = deployment_.execution.attempt.value();
    reports_.await<runtime::TaskUpdate>(kSources + sinks_, [attempt](const auto& update) {
      return update.input_ended && update.state == TaskState::kRunning &&
             update.execution.attempt == AttemptId(attempt);
    });
    worker_->handle(runtime::FinishOrder{deployment_.execution});
    worker_->join();
    EXPECT_EQ(sumOf(acks, 1) + space_.received, kSources * space_.count);
  }

  JobSpace space_;
  Reports reports_;
  fs::MemoryFileSystem files_;
  SystemRandom random_;
  SystemClock clock_;
  graph::CheckpointSettings settings_;
  graph::Partitioning partitioning_ = graph::Partitioning::kHash;
  std::function<void(graph::ProgramGraph&)> change_;
  runtime::Deployment deployment_;
  std::uint32_t sinks_ = 0;
  std::unique_ptr<Worker> worker_;  // Ends before what it uses.
};

TEST_F(UnalignedTest, ABarrierOvertakesTheRecordsThatASlowSinkHasNotRead) {
  space_.sink_nanos = 50'000'000;
  start(2);
  awaitBackPressure();
  const auto before = std::chrono::steady_clock::now();
  const Acks acks = checkpoint(1);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  for (const auto& ack : acks) {
    EXPECT_TRUE(ack.unaligned);
    EXPECT_EQ(ack.in_flight_bytes > 0, ack.task.vertex != deployment_.graph->vertices[0].id);
  }
  expectWhole(acks);
}

TEST_F(UnalignedTest, ASavepointIsAlignedAndHasNoRecordsInIt) {
  space_.sink_nanos = 1'000'000;
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1, /*savepoint=*/true);
  for (const auto& ack : acks) {
    EXPECT_FALSE(ack.unaligned);
    EXPECT_EQ(ack.operators[0].states.size(), 1U);
  }
  EXPECT_EQ(inFlight(acks), 0U);
  EXPECT_EQ(sumOf(acks, 0), sumOf(acks, 1));
}

TEST_F(UnalignedTest, WhereRecordsComeInTimeABarrierWaitsForThem) {
  settings_.aligned_timeout = std::chrono::minutes(1);
  space_.sink_nanos = 100'000;
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  EXPECT_EQ(inFlight(acks), 0U);
  EXPECT_EQ(sumOf(acks, 0), sumOf(acks, 1));
}

TEST_F(UnalignedTest, ABarrierThatHasWaitedForItsTimeOvertakes) {
  settings_.aligned_timeout = std::chrono::milliseconds(200);
  space_.sink_nanos = 100'000'000;
  start(2);
  awaitBackPressure();
  const auto before = std::chrono::steady_clock::now();
  const Acks acks = checkpoint(1);
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_GE(took, std::chrono::milliseconds(200));
  EXPECT_LT(took, std::chrono::milliseconds(1500));
  EXPECT_GT(inFlight(acks), 0U);
  expectWhole(acks);
}

TEST_F(UnalignedTest, NothingOvertakesOnAnEdgeThatCannotBeDealtOutAnew) {
  partitioning_ = graph::Partitioning::kCustom;
  space_.sink_nanos = 1'000'000;
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  EXPECT_EQ(inFlight(acks), 0U);
  EXPECT_EQ(sumOf(acks, 0), sumOf(acks, 1));
}

struct Rescaling {
  std::uint32_t from;
  std::uint32_t to;
  graph::Partitioning partitioning;
};
class UnalignedRestoreTest : public UnalignedTest,
                             public ::testing::WithParamInterface<Rescaling> {};

TEST_P(UnalignedRestoreTest, EveryRecordIsHandledOnceAtAnyParallelism) {
  space_.count = 5000;
  partitioning_ = GetParam().partitioning;
  start(GetParam().from);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  EXPECT_GT(inFlight(acks), 0U);
  restart(acks, GetParam().to);
  expectExactlyOnce(acks);
}

INSTANTIATE_TEST_SUITE_P(Parallelism,
                         UnalignedRestoreTest,
                         ::testing::Values(Rescaling{2, 2, graph::Partitioning::kHash},
                                           Rescaling{2, 5, graph::Partitioning::kHash},
                                           Rescaling{5, 3, graph::Partitioning::kHash},
                                           Rescaling{3, 1, graph::Partitioning::kHash},
                                           Rescaling{2, 2, graph::Partitioning::kRebalance},
                                           Rescaling{2, 5, graph::Partitioning::kRebalance},
                                           Rescaling{5, 3, graph::Partitioning::kShuffle}));

TEST_F(UnalignedTest, WhatIsStillToBeReadAgainBelongsToTheNextCheckpointToo) {
  space_.count = 5000;
  start(2);
  awaitBackPressure();
  const Acks first = checkpoint(1);
  restart(first, 3);
  reports_.await<runtime::TaskUpdate>(kSources + 3, [](const auto& update) {
    return update.state == TaskState::kRunning && update.execution.attempt == AttemptId(2);
  });
  const Acks second = checkpoint(2);
  EXPECT_GT(inFlight(second), 0U);
  restart(second, 2);
  expectExactlyOnce(second);
}

TEST_F(UnalignedTest, RecordsOfAnotherTypeThanTheProgramsFailTheRestoreWithASentence) {
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  change_ = [](graph::ProgramGraph& program) {
    program.code.edges[0].make_reader = [](functions::AnyReceiver& target) {
      return std::unique_ptr<functions::EdgeReader>(std::make_unique<OtherReader>(target));
    };
  };
  restart(acks, 2);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_TRUE(failed.front().unrecoverable);
  EXPECT_THAT(failed.front().cause,
              AllOf(HasSubstr("in flight from 'Source' to 'Sink'"),
                    HasSubstr("value: u64"),
                    HasSubstr("value: string"),
                    HasSubstr("savepoint")));
}

/// The number of sinks after the restore.
class GrownRecordsTest : public UnalignedTest,
                         public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(GrownRecordsTest, RecordsOfATypeThatHasGrownAreHandledOnce) {
  space_.count = 5000;
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  EXPECT_GT(inFlight(acks), 0U);
  change_ = [](graph::ProgramGraph& program) {
    graph::EdgeCode& edge = program.code.edges[0];
    edge.make_reader = [](functions::AnyReceiver& target) {
      return std::unique_ptr<functions::EdgeReader>(std::make_unique<GrownReader>(target));
    };
    edge.make_writer = [](functions::EdgeOutput& output, const functions::TaskInfo&) {
      return std::unique_ptr<functions::EdgeWriter>(std::make_unique<GrownWriter>(output));
    };
  };
  restart(acks, GetParam());
  expectExactlyOnce(acks);
}

INSTANTIATE_TEST_SUITE_P(Parallelism, GrownRecordsTest, ::testing::Values(2, 3));

TEST_F(UnalignedTest, RecordsThatWereSentByKeyAreNotDealtOutInTurn) {
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  partitioning_ = graph::Partitioning::kRebalance;
  restart(acks, 2);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_TRUE(failed.front().unrecoverable);
  EXPECT_THAT(failed.front().cause, HasSubstr("partitioned in another way"));
}

TEST_F(UnalignedTest, RecordsWhoseKeysTheProgramTakesOtherwiseFailTheRestore) {
  start(2);
  awaitBackPressure();
  const Acks acks = checkpoint(1);
  change_ = [](graph::ProgramGraph& program) {
    program.code.edges[0].make_writer = [](functions::EdgeOutput& output,
                                           const functions::TaskInfo&) {
      const auto key = [channels = output.channels()](const Item& item) {
        return static_cast<std::uint32_t>((item.key + 1) % channels);
      };
      return std::unique_ptr<functions::EdgeWriter>(
          std::make_unique<functions::TypedEdgeWriter<Item, decltype(key)>>(output, key));
    };
  };
  restart(acks, 2);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_THAT(failed.front().cause, HasSubstr("keys of other subtasks"));
}

/// What sources of the next tests may do.
struct Gates {
  std::atomic<bool> stuck{true};          // The first one: in the middle of a poll,
  std::atomic<bool> waits{false};         // once it has come there.
  std::atomic<std::uint64_t> allowed{0};  // Records that each may emit.
};

/// Emits no more than it may; the first subtask takes no barrier while it is stuck.
class GatedSource final : public FakeOperator {
 public:
  GatedSource(JobSpace& space, Gates& gates) : FakeOperator(space), gates_(gates) {}
  InputStatus poll(std::size_t /*limit*/) override {
    while (task_.subtask == 0 && gates_.stuck) {
      gates_.waits = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (number_ >= space_.count) {
      return InputStatus::kEndOfInput;
    }
    if (number_ >= gates_.allowed) {
      return InputStatus::kNothingAvailable;
    }
    batch_.records.push_back(Item{number_++ % space_.keys, 1});
    next_->receive(batch_);
    batch_.clear();
    return InputStatus::kMoreAvailable;
  }

 private:
  Gates& gates_;
  Batch<Item> batch_;
};

/// Two sources, of which one sends its barrier long before the other.
class BarrierModeTest : public UnalignedTest {
 protected:
  BarrierModeTest() {
    settings_.unaligned = false;
    space_.sink_nanos = 0;
    space_.count = 300;
    change_ = [this](graph::ProgramGraph& program) {
      program.code.operators[0].make = [this] {
        return std::make_unique<GatedSource>(space_, gates_);
      };
    };
  }
  ~BarrierModeTest() override {
    gates_.stuck = false;
    end();
  }
  void await(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(condition());
  }
  void awaitReceived(std::uint64_t records) {
    await([&] { return space_.received >= records; });
  }
  /// Until the second source has sent its barrier, and may go on.
  void beginCheckpoint() {
    gates_.allowed = 100;
    awaitReceived(100);
    await([&] { return gates_.waits.load(); });  // Else it might take the barrier before.
    runtime::CheckpointOrder order;
    order.checkpoint = CheckpointId(1);
    worker_->handle(runtime::TriggerOrder{deployment_.execution, order});
    reports_.awaitAcks(1, 1);
    gates_.allowed = 200;
  }
  Acks endCheckpoint() {
    gates_.stuck = false;
    Acks acks = reports_.awaitAcks(kSources + sinks_, 1);
    gates_.allowed = space_.count;
    return acks;
  }

  Gates gates_;
};

TEST_F(BarrierModeTest, ExactlyOnceARecordBehindABarrierWaitsForTheOtherBarriers) {
  start(1);
  beginCheckpoint();
  const Acks acks = endCheckpoint();
  EXPECT_EQ(sumOf(acks, 1), sumOf(acks, 0));
  restart(acks, 1);
  expectExactlyOnce(acks);
}

TEST_F(BarrierModeTest, AtLeastOnceNoBarrierHoldsRecordsUpAndNoneIsLostThoughSomeComeTwice) {
  settings_.mode = graph::CheckpointingMode::kAtLeastOnce;
  start(1);
  beginCheckpoint();
  awaitReceived(200);  // Of one source, though the other's barrier cannot come.
  const Acks acks = endCheckpoint();
  const std::uint64_t twice = sumOf(acks, 1) - sumOf(acks, 0);
  EXPECT_GE(twice, 100U);
  restart(acks, 1);
  space_.sink_nanos = 0;
  reports_.await<runtime::TaskUpdate>(kSources + 1, [](const auto& update) {
    return update.input_ended && update.state == TaskState::kRunning &&
           update.execution.attempt == AttemptId(2);
  });
  worker_->handle(runtime::FinishOrder{deployment_.execution});
  worker_->join();
  EXPECT_EQ(sumOf(acks, 1) + space_.received, kSources * space_.count + twice);
}

TEST_F(UnalignedTest, ACheckpointDoesNotOvertakeASavepointThatIsOnItsWay) {
  space_.sink_nanos = 2'000'000;
  start(2);
  awaitBackPressure();
  runtime::CheckpointOrder order;
  order.checkpoint = CheckpointId(1);
  order.savepoint = true;
  worker_->handle(runtime::TriggerOrder{deployment_.execution, order});
  const Acks second = checkpoint(2);
  const Acks first = reports_.awaitAcks(kSources + 2, 1);
  EXPECT_EQ(inFlight(first), 0U);
  EXPECT_EQ(sumOf(first, 0), sumOf(first, 1));
  expectWhole(second);
}

}  // namespace
}  // namespace weir::worker
