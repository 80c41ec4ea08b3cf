#pragma once

#include <memory>
#include <string>

#include "common/config/configuration.h"
#include "common/state/column_tier.h"
#include "taskmanager/worker/rocksdb/cache_budget.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// Puts a RocksDB below every backend of a worker. Safe from any thread; outlives the tiers.
class RocksTiers final : public state::TierFactory {
 public:
  /// Loads the library. Errors: kInvalidArgument where that is not installed.
  static Result<std::unique_ptr<RocksTiers>> make(RocksSettings settings);
  /// What the configuration asks for, in a worker of so many slots.
  static RocksSettings settingsOf(const config::Configuration& configuration, std::uint32_t slots);
  /// Whether the configuration asks for RocksDB at all.
  static bool areWanted(const config::Configuration& configuration);

  Result<std::unique_ptr<state::ColumnTier>> make(state::KeyedBackend& backend,
                                                  std::string owner) override;

 private:
  RocksTiers(const RocksLibrary& library, RocksSettings settings)
      : library_(library), settings_(std::move(settings)), budget_(settings_.cache_bytes) {}

  const RocksLibrary& library_;  // Of the process.
  const RocksSettings settings_;
  CacheBudget budget_;
};

}  // namespace weir::worker
