#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/functions/element.h"
#include "taskmanager/worker/network/frame.h"

namespace weir::worker {

/// The frame that carries a signal: its kind is the frame's type.
OutFrame encodeSignal(std::uint32_t channel, const functions::Signal& signal);
/// Whether frames of this type carry signals.
bool isSignal(FrameType type);
/// Of a frame's payload. Errors: kCorruption for bytes that encodeSignal() has not written.
Result<functions::Signal> decodeSignal(FrameType type, std::string_view bytes);

}  // namespace weir::worker
