#include "common/functions/side_outputs.h"

#include <algorithm>
#include <stdexcept>

namespace weir::functions {

void throwOtherTagType(const std::string& id) {
  throw std::runtime_error("the output tag '" + id +
                           "' is used with a type that is not the one of its getSideOutput(): a "
                           "tag belongs to one type, so give the other one another name");
}

SideOutputs::SideOutputs() = default;
SideOutputs::~SideOutputs() = default;

void SideOutputs::send(const Signal& signal) {
  for (const Side& side : sides_) {
    for (AnyReceiver* receiver : side.receivers) {
      receiver->receive(signal);
    }
  }
}

void SideOutputs::add(const std::string& id, AnyReceiver& receiver) {
  if (auto* recorder = dynamic_cast<SideRecorder*>(&receiver)) {
    recorder_ = recorder;
    return;
  }
  const auto found = std::ranges::find(sides_, id, &Side::id);
  if (found != sides_.end()) {
    found->receivers.push_back(&receiver);
  } else {
    sides_.push_back({id, {&receiver}, nullptr});
  }
}

}  // namespace weir::functions
