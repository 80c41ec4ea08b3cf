#pragma once

#include <cstddef>
#include <exception>
#include <string>

namespace weir::worker {

/// "std::runtime_error: no such file": demangled type and message of what user code threw; the
/// type alone where there is no message.
std::string describeException(const std::exception_ptr& thrown);

/// Cuts a text of more than `most` bytes down to its first words, after writing the whole to
/// standard error, from where it goes to the task manager's output.
void cutAloud(std::string& text, std::size_t most);

}  // namespace weir::worker
