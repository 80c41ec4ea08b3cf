#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <weir/weir.h>

/// What all benchmark jobs share: the index source, the records, the discarding sink, the event
/// file.
///
/// The definitions are those of the peers that the results are compared with (README.md).
namespace bench {

/// Splitmix64 of i.
constexpr std::uint64_t mix(std::uint64_t i) {
  std::uint64_t z = i + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

constexpr std::uint64_t key(std::uint64_t i, std::uint64_t keys) { return mix(i) % keys; }

/// Appends "<nanoseconds since the epoch> <what>" to `directory/<process>-<n>`, if there is one.
inline void say(const std::string& directory, const std::string& what) {
  if (directory.empty()) {
    return;
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::ofstream file(directory + "/" + std::to_string(::getpid()), std::ios::app);
  file << std::to_string(std::chrono::nanoseconds(now).count()) + " " + what + "\n" << std::flush;
}

struct SplitPosition {
  std::uint64_t split;
  std::uint64_t next;  ///< The j of the next index.
};

/// Two splits; split s emits index j*2+s for j = 0, 1, ... while it is below n. Subtask p of P owns
/// the splits with s % P == p.
template <typename T, typename Make>
class IndexSource : public weir::RichSourceFunction<T>,
                    public weir::ListCheckpointed<SplitPosition> {
 public:
  IndexSource(std::uint64_t n, Make make) : n_(n), make_(std::move(make)) {}

  void restoreState(const std::vector<SplitPosition>& positions) override {
    splits_ = positions;
    restored_ = true;
  }
  std::vector<SplitPosition> snapshotState(std::uint64_t /*checkpoint*/) override {
    return splits_;
  }

  void open(weir::RuntimeContext& context) override {
    const auto p = static_cast<std::uint64_t>(context.getIndexOfThisSubtask());
    const auto parallelism = static_cast<std::uint64_t>(context.getNumberOfParallelSubtasks());
    for (std::uint64_t s = 0; !restored_ && s < 2; ++s) {
      if (s % parallelism == p) {
        splits_.push_back({s, 0});
      }
    }
  }

  weir::InputStatus pollNext(weir::SourceContext<T>& context) override {
    bool more = false;
    for (SplitPosition& position : splits_) {
      for (int i = 0; i < 128; ++i) {
        const std::uint64_t index = position.next * 2 + position.split;
        if (index >= n_) {
          break;
        }
        context.collect(make_(index));
        ++position.next;
      }
      more = more || position.next * 2 + position.split < n_;
    }
    return more ? weir::InputStatus::kMoreAvailable : weir::InputStatus::kEndOfInput;
  }

 private:
  std::uint64_t n_;
  Make make_;
  std::vector<SplitPosition> splits_;
  bool restored_ = false;
};

/// Counts and discards; says when it opened and when its input ended.
template <typename T>
class Discard : public weir::RichSinkFunction<T> {
 public:
  explicit Discard(std::string events) : events_(std::move(events)) {}
  void open(weir::RuntimeContext& /*context*/) override { say(events_, "open"); }
  void invoke(const T& /*value*/) override { ++count_; }
  void endInput() override { say(events_, "end " + std::to_string(count_)); }

 private:
  std::string events_;
  std::uint64_t count_ = 0;
};

/// The value behind --name, or `fallback`.
inline std::string option(int argc,
                          char** argv,
                          const std::string& name,
                          const std::string& fallback) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == "--" + name) {
      return argv[i + 1];
    }
  }
  return fallback;
}

}  // namespace bench
