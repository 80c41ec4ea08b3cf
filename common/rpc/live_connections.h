#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace weir::rpc {

/// The connections that were handed to gRPC, which does not say when it closes one: a descriptor
/// that is another file by now was closed. Threads: one.
class LiveConnections {
 public:
  explicit LiveConnections(std::size_t most) : most_(most) {}

  /// Empty when one more of `host` is within the bounds; else the sentence that refuses it.
  std::string refusal(const std::string& host);
  void add(int descriptor, std::string host);

 private:
  struct Live {
    int descriptor;
    ino_t file;
    std::string host;
  };

  std::size_t countOf(const std::string& host) const;
  void forgetClosed();

  const std::size_t most_;
  std::vector<Live> live_;
};

}  // namespace weir::rpc
