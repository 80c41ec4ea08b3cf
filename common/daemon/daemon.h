#pragma once

#include <functional>

#include "common/base/result.h"
#include "common/config/configuration.h"
#include "common/daemon/arguments.h"

namespace weir::daemon {

/// Ends what was started; bounded.
using Stop = std::function<void()>;
/// For the daemon, from any thread: it cannot go on, and the process ends with exit status 1.
using GiveUp = std::function<void(const Error&)>;
/// Likewise: what the daemon is over, and it is to begin anew in this process, by the same id and
/// with the same arguments. It is stopped first.
void beginAnew(const Error& why);
/// This process is one that has begun anew: what its configuration asks for has worked before.
bool hasBegunAnew();
/// Starts the daemon with threads of its own.
using Start = std::function<Result<Stop>(const config::Configuration&, GiveUp)>;

/// Runs a daemon in this process from its arguments to its exit status: 0 after SIGTERM or SIGINT,
/// 1 when it could not start or gave up, 2 for wrong usage. SIGHUP opens the log again. Called
/// once, by main().
int run(int argc, char** argv, const Description& description, const Start& start);

}  // namespace weir::daemon
