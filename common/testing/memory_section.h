#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/state/keyed_backend.h"
#include "common/state/section.h"

/// Sections of snapshots in memory. What goes wrong is thrown as std::runtime_error: a test has
/// nobody else to tell.
namespace weir::testing {

void throwUnlessOk(const Status& status);

/// The bytes of what was frozen.
std::shared_ptr<const std::string> writeSection(const state::FrozenState& frozen);
/// A reader that keeps what it reads.
std::shared_ptr<state::SectionReader> openSection(std::shared_ptr<const std::string> bytes);

}  // namespace weir::testing
