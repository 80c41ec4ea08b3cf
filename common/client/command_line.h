#pragma once

namespace weir::client {

/// The `weir` command: parses, runs one command, returns its exit status.
int commandLine(int argc, char** argv);

}  // namespace weir::client
