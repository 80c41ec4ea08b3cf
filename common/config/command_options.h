#pragma once

#include "common/config/process_options.h"

/// Options of single commands. Only these need them: options.h does not include them.
namespace weir::config {

inline constexpr auto kCheckTimeout =
    Time("client.check.timeout",
         "60 s",
         "How long a program that is checked against a savepoint may be busy with one thing, such "
         "as a restoreState(), before that counts as hanging.")
        .range(1);

inline constexpr auto kCheckMemory =
    Memory("client.check.memory",
           "4 gb",
           "How much memory a program that is checked against a savepoint may hold itself, beside "
           "libraries and files, before it is ended.")
        .range(1 << 20);

}  // namespace weir::config
