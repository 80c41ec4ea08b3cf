#pragma once

namespace weir::api {

/// From now on a JobExecutionException that nobody catches ends the process with status 1 and one
/// line, and is no crash of it. Any other exception is what it was.
void endFailedProgramsWithOneLine();

}  // namespace weir::api
