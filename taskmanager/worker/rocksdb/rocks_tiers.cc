#include "taskmanager/worker/rocksdb/rocks_tiers.h"

#include <cstdlib>
#include <utility>

#include "common/base/text.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "taskmanager/worker/rocksdb/rocks_tier.h"

namespace weir::worker {

Result<std::unique_ptr<RocksTiers>> RocksTiers::make(RocksSettings settings) {
  WEIR_TRY(const RocksLibrary* library, RocksLibrary::load(settings.library));
  return std::unique_ptr<RocksTiers>(new RocksTiers(*library, std::move(settings)));
}

RocksSettings RocksTiers::settingsOf(const config::Configuration& configuration,
                                     std::uint32_t slots) {
  RocksSettings settings;
  settings.library = configuration.get(config::kRocksLibrary);
  const char* own = std::getenv("TMPDIR");  // A worker's lies in taskmanager.tmp.dirs.
  settings.directory =
      own != nullptr && *own != '\0' ? own : config::resolveTmpDirs(configuration).front();
  settings.cache_bytes = configuration.get(config::kRocksCache).bytes * std::max(slots, 1U);
  settings.block_cache_bytes = configuration.get(config::kRocksBlockCache).bytes;
  settings.write_buffer_bytes = configuration.get(config::kRocksWriteBuffer).bytes;
  settings.write_buffers = static_cast<int>(configuration.get(config::kRocksWriteBuffers));
  settings.background_jobs = static_cast<int>(configuration.get(config::kRocksThreads));
  settings.filter_bits = static_cast<double>(configuration.get(config::kRocksFilterBits));
  settings.compression = configuration.get(config::kRocksCompression);
  settings.shares_tables = configuration.get(config::kIncremental);
  return settings;
}

bool RocksTiers::areWanted(const config::Configuration& configuration) {
  return config::keepsStateInRocksDb(configuration);
}

Result<std::unique_ptr<state::ColumnTier>> RocksTiers::make(state::KeyedBackend& backend,
                                                            std::string owner) {
  WEIR_TRY(std::shared_ptr<RocksStore> store,
           RocksStore::open(library_, settings_).during("state of " + owner));
  return std::unique_ptr<state::ColumnTier>(
      std::make_unique<RocksTier>(backend, std::move(store), budget_, std::move(owner), settings_));
}

}  // namespace weir::worker
