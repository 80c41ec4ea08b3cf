#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/client/program.h"
#include "common/runtime/check_messages.h"

namespace weir::client {

/// What a checked program may take.
struct SandboxBounds {
  Duration silence;                          ///< Of time, for one thing.
  std::uint64_t memory = ~std::uint64_t{0};  ///< In bytes, of its own.
};

/// How the process of a checked program ended.
struct SandboxEnd {
  bool finished = false;           ///< It has said of everything whether it fits.
  std::string cause;               ///< Otherwise why not: "was ended by signal 11 (...)".
  std::vector<std::string> lines;  ///< Otherwise what it wrote last.
};

/// Who listens to a checked program.
struct SandboxListener {
  std::function<void(const runtime::CheckReport&)> heard;  ///< All but greeting and failure.
  std::function<void(const std::string& line)> wrote;      ///< To standard output or error.
};

/// Starts the program in a process of its own (ConfinedProcess), as a worker that is asked for
/// `check`, in `directory` unless that is empty, and listens until it has ended or oversteps a
/// bound, when it is ended. So does `interrupted`, set by a signal handler.
///
/// Errors: where nothing can be said of the savepoint: the program cannot be started or asked, or
/// builds another graph than before; kCancelled when interrupted.
Result<SandboxEnd> runSandbox(const ProgramCall& call,
                              const runtime::CheckRestore& check,
                              const SandboxBounds& bounds,
                              const std::string& directory,
                              const SandboxListener& listener,
                              const std::atomic<bool>& interrupted);

}  // namespace weir::client
