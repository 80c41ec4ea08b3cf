#include "common/functions/feedback_spill.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace weir::functions {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& directory) {
  throw std::runtime_error("records on the way back of an iteration " + what + " a file in " +
                           directory + ": " + std::strerror(errno) +
                           "; make room there, or set taskmanager.tmp.dirs to a larger disk");
}

}  // namespace

FeedbackSpill::FeedbackSpill() {
  const char* own = std::getenv("TMPDIR");  // A worker's lies in taskmanager.tmp.dirs.
  directory_ = own != nullptr && *own != '\0' ? own : "/tmp";
  std::string name = directory_ + "/weir-feedback-XXXXXX";
  file_ = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (file_.get() < 0) {
    fail("cannot get", directory_);
  }
  ::unlink(name.c_str());
}

FeedbackSpill::Place FeedbackSpill::append(std::string_view bytes) {
  const Place place{end_, bytes.size()};
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(end_));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      fail("cannot be written to", directory_);
    }
    end_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return place;
}

std::string FeedbackSpill::read(Place place) const {
  std::string bytes(place.size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file_.get(),
                                bytes.data() + done,
                                bytes.size() - done,
                                static_cast<off_t>(place.offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      fail("cannot be read back from", directory_);
    }
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace weir::functions
