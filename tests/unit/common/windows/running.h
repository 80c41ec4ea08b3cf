#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/harness.h"
#include "common/windows/assigners.h"
#include "common/windows/window_operator.h"

/// Window operators that tests run by hand.
namespace weir::windows {

using Entry = std::pair<std::string, int>;
struct KeyOfEntry {
  const std::string& operator()(const Entry& entry) const { return entry.first; }
};
struct Sum {
  Entry operator()(const Entry& a, const Entry& b) const { return {a.first, a.second + b.second}; }
};

inline Time seconds(std::int64_t n) { return Time::seconds(n); }

/// A window operator of entries, with its results as texts: "key-value@timestamp".
template <typename P>
class Running final : public testing::Harness<typename P::Out, std::string> {
 public:
  explicit Running(const WindowRunner<P>& runner)
      : testing::Harness<typename P::Out, std::string>(
            [runner] {
              return std::make_unique<WindowOperator<P, KeyOfEntry>>(runner, KeyOfEntry{});
            },
            1) {
    this->open();
  }

  void element(const Entry& entry, std::int64_t timestamp) { this->send(0, entry, timestamp); }
  void restart() { this->restore(this->snapshot()); }
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const auto& one : this->records()) {
      texts.push_back(text(one.value) + "@" + std::to_string(one.timestamp));
    }
    this->out_.clear();
    return texts;
  }
  std::int64_t dropped() {
    return this->template accumulator<LongCounter>("numLateRecordsDropped")->getLocalValue();
  }

 private:
  static std::string text(const std::string& value) { return value; }
  static std::string text(const Entry& value) {
    return value.first + "-" + std::to_string(value.second);
  }
};

template <typename A>
auto summing(A assigner, std::int64_t lateness = 0, std::optional<OutputTag<Entry>> late = {}) {
  using Tr = decltype(assigner.getDefaultTrigger());
  using P = Parts<Entry, Entry, std::string, A, Tr, ReducedContents<Entry, Sum>, NoFunction, false>;
  Tr trigger = assigner.getDefaultTrigger();
  return Running<P>(WindowRunner<P>(std::move(assigner),
                                    std::move(trigger),
                                    ReducedContents<Entry, Sum>(Sum{}),
                                    {},
                                    lateness,
                                    std::move(late)));
}

}  // namespace weir::windows
