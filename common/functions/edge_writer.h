#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/edge.h"
#include "common/functions/edge_channel.h"
#include "common/record/batch.h"
#include "common/record/codecs.h"
#include "common/record/key_hash.h"
#include "common/record/serializer.h"

namespace weir::functions {

/// What partitionCustom() throws for a partitioner that answers with a subtask that is none.
[[noreturn]] void throwNoSuchPartition(int partition, std::uint32_t partitions);

/// The partitionings that do not look at the record.
struct Blindly {
  enum class Kind : std::uint8_t {
    kFirst,      ///< Forward (which connects one consumer) and global.
    kInTurn,     ///< Rebalance and rescale: producers start at different channels.
    kAtRandom,   ///< Shuffle: evenly.
    kEverywhere  ///< Broadcast.
  };
  Kind kind;
  std::uint32_t channels;
  std::uint32_t next;
  std::uint64_t state;

  template <typename T>
  std::uint32_t operator()(const T& /*record*/) {
    if (kind == Kind::kFirst) {
      return 0;
    }
    if (kind == Kind::kInTurn) {
      const std::uint32_t channel = next;
      next = next + 1 == channels ? 0 : next + 1;
      return channel;
    }
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator.
    return static_cast<std::uint32_t>(((state >> 32) * channels) >> 32);
  }
};
/// Of `kind`, for the subtask `producer`.
Blindly blindly(Blindly::Kind kind, const EdgeOutput& output, const TaskInfo& producer);

/// keyBy: to the owner of the key's group.
template <typename Selector>
struct ByKey {
  Selector selector;
  std::uint32_t channels;
  std::uint32_t max_parallelism;
  template <typename T>
  std::uint32_t operator()(const T& record) {
    const KeyOf<Selector, T>& key = callKeySelector(selector, record);
    return subtaskOf(keyGroupOf(keyHash(key), max_parallelism), channels, max_parallelism);
  }
};

/// partitionCustom: where the user's partitioner says.
template <typename Partitioning, typename Selector>
struct ByPartitioner {
  Partitioning partitioner;
  Selector selector;
  std::uint32_t channels;
  template <typename T>
  std::uint32_t operator()(const T& record) {
    const int chosen =
        callPartitioner(partitioner, callKeySelector(selector, record), static_cast<int>(channels));
    if (chosen < 0 || static_cast<std::uint32_t>(chosen) >= channels) {
      throwNoSuchPartition(chosen, channels);
    }
    return static_cast<std::uint32_t>(chosen);
  }
};

/// Partitions and serializes records of T into the buffers of an edge; Choose picks the channel.
template <typename T, typename Choose>
class TypedEdgeWriter final : public EdgeWriter, public Receiver<T> {
 public:
  TypedEdgeWriter(EdgeOutput& output, Choose choose)
      : output_(output), choose_(std::move(choose)), channels_(makeChannels(output)) {}

  AnyReceiver& receiver() override { return *this; }
  void flush() override { channels_.flush(); }
  std::uint64_t records() const override { return records_; }

  void receive(Batch<T>& batch) override {
    records_ += batch.size();
    channels_.setTimestamped(batch.hasTimestamps());
    if (batch.hasTimestamps()) {
      send<true>(batch);
    } else {
      send<false>(batch);
    }
  }
  void receive(const Signal& signal) override {
    channels_.flush();
    output_.broadcast(signal);
  }

 private:
  static constexpr bool kFixed = record::isMemcpy<T>;
  using Channels = std::conditional_t<kFixed, FixedChannels, VariableChannels>;

  static Channels makeChannels(EdgeOutput& output) {
    if constexpr (kFixed) {
      return FixedChannels(output, sizeof(T));
    } else {
      return VariableChannels(output);
    }
  }

  template <bool kTimestamped>
  void send(const Batch<T>& batch) {
    const std::size_t size = batch.size();
    for (std::size_t i = 0; i < size; ++i) {
      const std::int64_t timestamp = kTimestamped ? batch.timestamps[i] : 0;
      if constexpr (std::is_same_v<Choose, Blindly>) {
        if (choose_.kind == Blindly::Kind::kEverywhere) {
          for (std::uint32_t channel = 0; channel < choose_.channels; ++channel) {
            put<kTimestamped>(channel, batch.records[i], timestamp);
          }
          continue;
        }
      }
      put<kTimestamped>(choose_(batch.records[i]), batch.records[i], timestamp);
    }
  }

  template <bool kTimestamped>
  void put(std::uint32_t channel, const T& record, std::int64_t timestamp) {
    if constexpr (kFixed) {
      std::byte* to = channels_.room(channel);
      std::memcpy(to, &record, sizeof record);
      if constexpr (kTimestamped) {
        std::memcpy(to + sizeof record, &timestamp, sizeof timestamp);
      }
    } else {
      Writer& writer = channels_.writer(channel);
      const std::size_t before = writer.size();
      record::write<T>(record, writer);
      if (writer.size() == before) [[unlikely]] {
        writer.put(std::uint8_t{0});  // A record without contents still takes a byte.
      }
      if constexpr (kTimestamped) {
        writer.put(timestamp);
      }
      channels_.done(channel);
    }
  }

  EdgeOutput& output_;  // Owned by the task.
  Choose choose_;
  std::uint64_t records_ = 0;
  Channels channels_;
};

template <typename T, typename Choose>
std::unique_ptr<EdgeWriter> makeEdgeWriter(EdgeOutput& output, Choose choose) {
  return std::make_unique<TypedEdgeWriter<T, Choose>>(output, std::move(choose));
}

}  // namespace weir::functions
