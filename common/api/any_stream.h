#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/api/program.h"
#include "common/api/writers.h"

namespace weir::api {

/// What is the same of every stream, whatever its records are.
class AnyStream {
 public:
  AnyStream(std::shared_ptr<Program> program, std::vector<StreamInput> inputs);
  /// What `node` emits, or under an output tag.
  AnyStream(const std::shared_ptr<Program>& program,
            std::uint32_t node,
            const EdgeEnds& ends,
            const std::string& tag = {});
  /// The same records, partitioned otherwise.
  AnyStream(const AnyStream& other, graph::Partitioning partitioning, const EdgeEnds& ends);
  AnyStream(const AnyStream& other,
            graph::Partitioning partitioning,
            std::unique_ptr<const EdgeWriterMaker> writers);
  AnyStream(const AnyStream& other);
  AnyStream(AnyStream&& other) noexcept;
  AnyStream& operator=(const AnyStream& other);
  AnyStream& operator=(AnyStream&& other) noexcept;
  ~AnyStream();

  // For the streams derived from this one.
  const std::shared_ptr<Program>& program() const { return program_; }
  const std::vector<StreamInput>& inputs() const { return inputs_; }

 protected:
  /// Takes in what `other` has.
  void append(const AnyStream& other);

 private:
  std::shared_ptr<Program> program_;  // Shared with the environment and all streams.
  std::vector<StreamInput> inputs_;
};

}  // namespace weir::api
