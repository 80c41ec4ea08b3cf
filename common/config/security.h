#pragma once

#include "common/config/configuration.h"

namespace weir::config {

/// How both ends of every connection of a process prove who they are, and hide what they say.
///
/// A process resolves it once, when it starts, and hands it to every server, channel and data
/// stream, and to HTTP: none has a default, so that none can be forgotten. Today there is one kind,
/// plain text.
class Security {
 public:
  /// Of a process with this configuration.
  static Security resolve(const Configuration& /*configuration*/) { return {}; }
  /// For ends that both are ours, in tests.
  static Security plainText() { return {}; }

 private:
  Security() = default;
};

}  // namespace weir::config
