#include "common/state/column.h"

namespace weir::state {

ColumnBase::ColumnBase(const StateInfo& info, const Slot* current)
    : info_(info), current_(current) {}
ColumnBase::~ColumnBase() = default;

}  // namespace weir::state
