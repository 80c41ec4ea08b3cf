#include "common/snapshot/state_description.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/record/checksum.h"

namespace weir::snapshot {
namespace {

void addPart(record::Checksum& sum, std::string_view part) {
  sum.add(std::to_string(part.size()) + ":");
  sum.add(part);
}

}  // namespace

std::uint64_t descriptionOf(const std::vector<runtime::SavedState>& states) {
  record::Checksum sum;
  for (const runtime::SavedState& one : states) {
    addPart(sum, one.name);
    addPart(sum, record::encodeSchema(one.key));
    addPart(sum, record::encodeSchema(one.value));
    addPart(sum,
            std::to_string(static_cast<unsigned>(one.kind)) + " " +
                std::to_string(static_cast<unsigned>(one.mode)) +
                (one.declared_late ? " late" : ""));
  }
  return std::max<std::uint64_t>(sum.value(), 1);
}

}  // namespace weir::snapshot
