#pragma once

#include <cstddef>
#include <memory>

#include "common/functions/background.h"
#include "common/functions/operator_base.h"

namespace weir::worker {

/// Has work that leads to twice as much in the one behind it, which takes more while it has less
/// than its capacity.
class Working final : public functions::OperatorBase, public functions::Background {
 public:
  explicit Working(std::size_t capacity) : OperatorBase(1), capacity_(capacity) {}
  functions::Background* background() override { return this; }
  bool isReady() const override { return held > 0 && !asleep; }
  void handOut() override {
    if (held > 0 && !asleep) {
      --held;
      if (next != nullptr) {
        next->held += 2;
      }
    }
  }
  bool hasRoom() const override { return held < capacity_; }
  bool holdsEnd() const override { return false; }

  functions::AnyReceiver* input(std::uint32_t /*port*/) override { return nullptr; }
  void addOutput(functions::AnyReceiver& /*next*/) override {}
  Status restore(const functions::OperatorRestore& /*restore*/) override { return ok(); }
  void check(const functions::OperatorRestore& /*restore*/,
             state::CheckListener& /*listener*/) override {}
  void open() override {}
  void close() override {}
  void emit(const functions::Signal& /*signal*/) override {}
  std::unique_ptr<state::FrozenState> snapshot(CheckpointId /*checkpoint*/) override {
    return nullptr;
  }

  std::size_t held = 0;
  bool asleep = false;
  Working* next = nullptr;

 private:
  const std::size_t capacity_;
};

}  // namespace weir::worker
