#include <string_view>
#include <vector>

#include "common/state/keyed_backend.h"

namespace weir::state {

namespace {

/// The encoded cells of one key, by column; null where there is none.
class Cells {
 public:
  void clear() {
    bytes_.clear();
    ends_.clear();
    has_.clear();
  }
  Writer& begin() { return bytes_; }
  void end(bool has) {
    ends_.push_back(bytes_.size());
    has_.push_back(has);
  }
  /// Valid until the next change.
  const std::vector<std::string_view>& views() {
    views_.clear();
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      const std::string_view bytes = bytes_.view().substr(begin, ends_[i] - begin);
      views_.push_back(!has_[i] ? std::string_view() : (bytes.empty() ? "" : bytes));
      begin = ends_[i];
    }
    return views_;
  }

 private:
  Writer bytes_;
  std::vector<std::size_t> ends_;
  std::vector<bool> has_;
  std::vector<std::string_view> views_;
};

}  // namespace

Result<SharedTables> KeyedBackend::settleColumns(const FrozenColumns& frozen,
                                                 const FrozenKeys& keys,
                                                 bool names_hold_keys) {
  FrozenTier& tier = *frozen.tier;
  Writer name;
  Writer key;
  Cells cells;
  for (std::size_t i = 0; i < tier.unsettled().size(); ++i) {
    const Slot slot = tier.unsettled()[i];
    name.clear();
    keys.naming(slot, name);
    endName(frozen.nameSpace(slot), name);
    if (!names_hold_keys) {
      key.clear();
      keys.keys.write(slot, key);
    }
    cells.clear();
    for (const auto& [info, column] : frozen.columns) {
      const bool has = column->has(slot);
      if (has) {
        if (!names_hold_keys) {
          cells.begin().putString(key.view());
        }
        column->write(slot, cells.begin());
      }
      cells.end(has);
    }
    WEIR_RETURN_IF_ERROR(tier.settle(i, name.view(), cells.views()));
  }
  WEIR_TRY(SharedTables tables, tier.tables());
  for (std::size_t i = 0; i < frozen.columns.size() && i < tables.states.size(); ++i) {
    tables.states[i].info = frozen.columns[i].first;
  }
  tables.key_schema = frozen.key_schema;
  tables.names_hold_keys = names_hold_keys;
  return tables;
}

}  // namespace weir::state
