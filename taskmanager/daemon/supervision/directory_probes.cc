#include "taskmanager/daemon/supervision/directory_probes.h"

#include <utility>

namespace weir::taskmanager {

void DirectoryProbes::start(runtime::ProbeOrder order, Answer answer) {
  if (open_ >= kMost) {
    answer({order.id,
            host_ + ": " + std::to_string(open_) +
                " probes of directories have not come back; its file system hangs"});
    return;
  }
  ++open_;
  // What comes back when the loop has ended is dropped: only then we may be gone.
  pool_.post(
      [this, &files = files_, &loop = loop_, order = std::move(order), answer = std::move(answer)] {
        std::string error = probeDirectory(files, order);
        loop.post([this, answer, id = order.id, error = std::move(error)] {
          --open_;
          answer({id, error});
        });
      });
}

std::string probeDirectory(fs::FileSystem& files, const runtime::ProbeOrder& order) {
  const auto pathOf = [&](const std::string& name) {
    return name.find('/') == std::string::npos ? order.directory + "/" + name : name;
  };
  const std::string expected = pathOf(order.expected_file);
  const Result<std::string> content = fs::readAll(files, expected);
  if (!content) {
    return content.error().code() == ErrorCode::kNotFound
               ? "it does not show " + expected + ", which the job manager wrote"
               : content.error().text();
  }
  if (*content != order.expected_content) {
    return expected + " has not the content that the job manager wrote";
  }
  const Status written = fs::writeAll(files, pathOf(order.write_file), order.write_content);
  return written ? "" : written.error().text();
}

}  // namespace weir::taskmanager
