#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/api/program.h"
#include "common/api/settings.h"

namespace weir {

namespace api {

// The work behind OperatorSettings; each change is to one node of the program.
void setUid(Program& program, std::uint32_t node, const std::string& uid);
void setName(Program& program, std::uint32_t node, const std::string& name);
void setParallelism(Program& program, std::uint32_t node, int parallelism);
void setMaxParallelism(Program& program, std::uint32_t node, int max_parallelism);
void setChaining(Program& program, std::uint32_t node, graph::Chaining chaining);
void setSlotSharingGroup(Program& program, std::uint32_t node, const std::string& group);
void setBufferTimeout(Program& program, std::uint32_t node, Milliseconds timeout);
/// Makes a node the select() of its input, with the parallelism of that.
void becomeSelect(Program& program, std::uint32_t node);

/// What a handle of an operator holds.
class NodeOfProgram {
 public:
  NodeOfProgram(std::shared_ptr<Program> program, std::uint32_t node);
  NodeOfProgram(const NodeOfProgram& other);
  NodeOfProgram(NodeOfProgram&& other) noexcept;
  NodeOfProgram& operator=(const NodeOfProgram& other);
  NodeOfProgram& operator=(NodeOfProgram&& other) noexcept;
  ~NodeOfProgram();

 protected:
  std::shared_ptr<Program> program_;  // Shared with the environment and all streams.
  std::uint32_t node_;
};

}  // namespace api

/// What can be set on every operator, in any order. Derived is what the calls return.
template <typename Derived>
class OperatorSettings : private api::NodeOfProgram {
 public:
  using NodeOfProgram::NodeOfProgram;

  /// The operator's identity for savepoints: unique in the job, not empty.
  Derived& uid(const std::string& uid) {
    api::setUid(*program_, node_, uid);
    return self();
  }
  /// What lists, logs and errors call it.
  Derived& name(const std::string& name) {
    api::setName(*program_, node_, name);
    return self();
  }
  /// Its number of subtasks, at least 1.
  Derived& setParallelism(int parallelism) {
    api::setParallelism(*program_, node_, parallelism);
    return self();
  }
  /// Its number of key groups, from 1 to 32768: what it can ever be scaled to.
  Derived& setMaxParallelism(int max_parallelism) {
    api::setMaxParallelism(*program_, node_, max_parallelism);
    return self();
  }
  /// Never shares a thread with its input.
  Derived& startNewChain() {
    api::setChaining(*program_, node_, graph::Chaining::kHead);
    return self();
  }
  /// Never shares a thread at all.
  Derived& disableChaining() {
    api::setChaining(*program_, node_, graph::Chaining::kNever);
    return self();
  }
  /// Subtasks of different groups never share a slot.
  Derived& slotSharingGroup(const std::string& group) {
    api::setSlotSharingGroup(*program_, node_, group);
    return self();
  }
  /// How long a record may wait for its buffer to fill; 0: not at all; -1: until it is full.
  Derived& setBufferTimeout(Milliseconds timeout) {
    api::setBufferTimeout(*program_, node_, timeout);
    return self();
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

/// The end of a stream.
class DataStreamSink : public OperatorSettings<DataStreamSink> {
 public:
  using OperatorSettings<DataStreamSink>::OperatorSettings;
};

}  // namespace weir
