#pragma once

#include <functional>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/program/program_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"

namespace weir::worker {

/// Calls discardState() of every state handle of users' own making that `order` names, whose graph
/// is the one that this process built, with `code`. All are read before the first is discarded, so
/// that an error means that none was.
///
/// `report` is told before and after each call, which is made only when it answers true the first
/// time; once it answers false, no further one is made. What
/// discardState() throws is reported, and the next one follows. Calls come on this thread.
/// Errors: kInvalidArgument, naming the operator, where the program cannot read its handles; those
/// of snapshot::SectionOpener.
Status discardHandles(const runtime::DiscardHandles& order,
                      const graph::ProgramCode& code,
                      fs::FileSystem& files,
                      const std::function<bool(const runtime::HandleDiscarded&)>& report);

}  // namespace weir::worker
