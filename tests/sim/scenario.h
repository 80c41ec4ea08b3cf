#pragma once

#include <cstdint>
#include <string>

namespace weir::sim {

/// Runs one seed: a cluster, jobs, clients and faults, all drawn from it. Returns what was
/// violated, or an empty string. Invariants: no job hangs, every request is answered once, every
/// state that is restored or saved is consistent and every result exact, completed savepoints stay
/// readable until they are disposed, no state handle is discarded twice or while it may be
/// restored, no file is left over. In some runs the job manager is killed and started again, with
/// the store of jobs kept: its jobs go on from their latest checkpoints, and clients ask again.
std::string runScenario(std::uint64_t seed);

}  // namespace weir::sim
