#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/runtime/check_messages.h"

/// What is said while a program is checked, as bytes. Decoders check all that they read:
/// kInvalidArgument for bytes that are none. Any thread.
namespace weir::wire {

/// As a WorkerOrder with a deployment that says what it is for.
std::string encode(const runtime::CheckRestore& check);
/// Whether the bytes of a WorkerOrder are that. An order of any other kind is none.
bool isCheck(std::string_view order);
Result<runtime::CheckRestore> decodeCheck(std::string_view order);

std::string encode(const runtime::CheckReport& report);
Result<runtime::CheckReport> decodeCheckReport(std::string_view bytes);

}  // namespace weir::wire
