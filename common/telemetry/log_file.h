#pragma once

#include <cstdint>

#include "common/base/result.h"

/// The file that configure() of `log.h` has opened, while the process runs. Nothing without one.
/// Where standard error is that file, it follows to each next one. Threads: any.
namespace weir::log {

/// From this size on the file becomes an earlier one, if any are kept; 0: never.
void rotateAt(std::uint64_t bytes);

/// Opens the file again, for who has moved it away. Errors: kIo; the lines then go where they went.
Status reopen();

}  // namespace weir::log
