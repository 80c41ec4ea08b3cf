#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/record/codecs.h"
#include "common/record/serializer.h"
#include "common/state/descriptors.h"
#include "common/state/operator_state.h"

namespace weir {

/// What a broadcast stream has told all subtasks alike, where it may only be read. Belongs to its
/// operator: valid during the call that got it.
template <typename K, typename V>
class ReadOnlyBroadcastState {
 public:
  using Map = typename MapStateDescriptor<K, V>::Cell;

  std::optional<V> get(const K& key) const {
    const auto found = map_.find(key);
    return found != map_.end() ? std::optional<V>(found->second) : std::nullopt;
  }
  bool contains(const K& key) const { return map_.contains(key); }
  /// Pairs of key and value, in no order.
  const Map& entries() const { return map_; }
  std::vector<K> keys() const {
    std::vector<K> all;
    for (const auto& [key, value] : map_) {
      all.push_back(key);
    }
    return all;
  }
  bool isEmpty() const { return map_.empty(); }

 protected:
  Map map_;
};

/// The same where a record of the broadcast stream is handled. What every subtask makes of it has
/// to be the same.
template <typename K, typename V>
class BroadcastState : public ReadOnlyBroadcastState<K, V> {
 public:
  void put(const K& key, V value) { this->map_.insert_or_assign(key, std::move(value)); }
  void remove(const K& key) { this->map_.erase(key); }
  void clear() { this->map_.clear(); }
};

namespace functions {

struct OperatorRestore;
struct TaskInfo;

[[noreturn]] void throwNoBroadcastState(const std::string& name);

/// The broadcast states of one operator, by name. Kept once in a snapshot: by the first subtask.
/// Task's thread.
class BroadcastStates {
 public:
  template <typename K, typename V>
  void add(const MapStateDescriptor<K, V>& descriptor) {
    states_.push_back(std::make_unique<One<K, V>>(descriptor));
    if (descriptor.ttl.isEnabled()) {
      problem_ =
          "broadcast state '" + descriptor.name +
          "' has a time to live: what every subtask knows alike does not expire by the clock "
          "of one; remove() what is no longer wanted when a record says so";
    }
  }
  /// What is wrong with the descriptors; empty: nothing.
  const std::string& problem() const { return problem_; }
  /// Throws std::runtime_error where broadcast() did not name it with this type.
  template <typename K, typename V>
  BroadcastState<K, V>& of(const MapStateDescriptor<K, V>& descriptor) {
    for (const auto& one : states_) {
      if (one->info().name == descriptor.name &&
          one->type() == &record::kTypeTag<std::pair<K, V>>) {
        return static_cast<One<K, V>&>(*one).state;
      }
    }
    throwNoBroadcastState(descriptor.name);
  }
  /// For the job graph.
  std::vector<state::StateInfo> infos() const;
  /// Appends all of them; nothing in other subtasks than the first.
  void snapshot(const TaskInfo& task, std::vector<state::OperatorState>& to) const;
  /// Errors: kInvalidArgument where a schema does not fit; kCorruption.
  Status restore(const OperatorRestore& restore);

 private:
  class Any {
   public:
    Any(state::StateInfo info, const void* type) : info_(std::move(info)), type_(type) {}
    virtual ~Any() = default;
    const state::StateInfo& info() const { return info_; }
    const void* type() const { return type_; }
    virtual std::vector<std::string> elements() const = 0;
    virtual Status take(std::string_view element, const record::Schema& written) = 0;

   private:
    state::StateInfo info_;
    const void* type_;  // Of an element.
  };
  template <typename K, typename V>
  class One final : public Any {
   public:
    using Element = std::pair<K, V>;
    explicit One(const MapStateDescriptor<K, V>& descriptor)
        : Any({descriptor.name,
               state::StateKind::kOperatorList,
               state::ListMode::kBroadcast,
               record::schemaOf<Element>(),
               descriptor.former_names},
              &record::kTypeTag<Element>) {}
    std::vector<std::string> elements() const override {
      std::vector<std::string> all;
      for (const auto& [key, value] : state.entries()) {
        all.push_back(state::encodeElement<Element>(Element(key, value)));
      }
      return all;
    }
    Status take(std::string_view element, const record::Schema& written) override {
      WEIR_TRY(Element entry, state::decodeElement<Element>(element, written));
      state.put(entry.first, std::move(entry.second));
      return ok();
    }

    BroadcastState<K, V> state;
  };

  std::vector<std::unique_ptr<Any>> states_;
  std::string problem_;
};

}  // namespace functions
}  // namespace weir
