#pragma once

#include <string_view>

namespace weir {

/// The variable that names the point at which this process is to be killed: "NAME", or "NAME:N" for
/// the N-th time that it gets there. Set by tests of what a crash leaves behind.
inline constexpr const char* kCrashAt = "WEIR_CRASH_AT";

/// The variable that names a file to which the point is added before the process is killed there:
/// what the tests really reached. Optional.
inline constexpr const char* kCrashLog = "WEIR_CRASH_LOG";

/// A point between two steps of something durable. Kills the process, as SIGKILL does, where
/// $WEIR_CRASH_AT names it; does nothing otherwise. Names are "<what>.<step that was done>", such
/// as "disposal.tombstone", and each stands once in the code. Any thread.
void crashPoint(std::string_view name);

}  // namespace weir
