#pragma once

#include <string>
#include <utility>

namespace weir {

/// Names a stream that a function emits beside its output: `OutputTag<Event> late("late")`. Equal
/// tags have equal names; one name belongs to one type. A value.
template <typename T>
class OutputTag {
 public:
  using Record = T;
  explicit OutputTag(std::string id) : id_(std::move(id)) {}
  const std::string& id() const { return id_; }

 private:
  std::string id_;
};

}  // namespace weir
