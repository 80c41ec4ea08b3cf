#include "jobmanager/scheduler/directory_probe.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/fs/uri.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(10);

/// kUnavailable when the task manager said nothing: it may be on its way down.
Error silent(const std::string& directory, const std::string& host, const std::string& why) {
  return Error(ErrorCode::kUnavailable,
               "whether directory '" + directory + "' is shared with the task manager on " + host +
                   " is not known: " + why);
}

Error notShared(const std::string& directory, const std::string& host, const std::string& why) {
  return Error(ErrorCode::kFailedPrecondition,
               "directory '" + directory + "' is not shared with the task manager on " + host +
                   ": " + why)
      .advise("mount the same directory on every machine, or use state.backend: jobmanager");
}

}  // namespace

DirectoryProbe::DirectoryProbe(const CheckpointServices& services,
                               Random& random,
                               ResourceManager& resources,
                               std::string machine)
    : services_(services),
      random_(random),
      resources_(resources),
      machine_(std::move(machine)),
      work_(services.strand, services.io, services.file_bounds, "the directories of snapshots") {}

void DirectoryProbe::run(std::vector<std::string> directories,
                         std::vector<TaskManagerId> task_managers,
                         Callback<std::monostate> done) {
  cancel();
  std::erase_if(task_managers, [this](TaskManagerId id) { return shared_.contains(id); });
  if (directories.empty() || task_managers.empty()) {
    done(ok());
    return;
  }
  done_ = std::move(done);
  std::vector<std::pair<std::string, std::string>> own;  // Path and content.
  for (const std::string& directory : directories) {
    const std::string within = fs::join(directory, "probe-" + random_.hex(16));
    const std::string name = "probe-" + random_.hex(16);
    const std::string content = random_.hex(32);
    own.emplace_back(fs::join(within, name), content);
    for (const TaskManagerId id : task_managers) {
      const runtime::Registration* registration = resources_.registration(id);
      orders_.push_back({.task_manager = id,
                         .host = registration == nullptr ? "?" : registration->host,
                         .directory = directory,
                         .order = {.id = random_.next(),
                                   .directory = within,
                                   .expected_file = name,
                                   .expected_content = content,
                                   .write_file = "probe-" + random_.hex(16),
                                   .write_content = random_.hex(32)},
                         .answered = false,
                         .silent = false,
                         .error = {}});
    }
  }
  auto write = [&files = services_.files, own = std::move(own)]() -> Status {
    for (const auto& [path, content] : own) {
      WEIR_RETURN_IF_ERROR(fs::writeAll(files, path, content));
    }
    return ok();
  };
  work_.run(std::move(write), [this, run = run_](Status written) {
    if (run != run_) {
      return;
    }
    if (!written) {
      answer(std::move(written).error().during("probe the directory of snapshots"));
    } else {
      sendAll();
    }
  });
}

void DirectoryProbe::sendAll() {
  deadline_ = services_.strand.schedule(kTimeout, [this] {
    for (Probe& one : orders_) {
      if (!std::exchange(one.answered, true)) {
        one.silent = true;
        one.error = "it did not answer in 10 s";
      }
    }
    finishIfAnswered();
  });
  for (Probe& one : orders_) {
    if (TaskManagerGateway* gateway = resources_.gateway(one.task_manager)) {
      gateway->send(one.order);
    } else {
      one.answered = one.silent = true;
      one.error = "it is lost";
    }
  }
  finishIfAnswered();
}

void DirectoryProbe::result(TaskManagerId from, const runtime::ProbeResult& result) {
  if (Probe* order = find(from, result.id)) {
    order->answered = true;
    order->error = result.error;
    finishIfAnswered();
  }
}

void DirectoryProbe::lost(TaskManagerId id) {
  shared_.erase(id);
  for (Probe& one : orders_) {
    if (one.task_manager == id && !std::exchange(one.answered, true)) {
      one.silent = true;
      one.error = "it is lost";
    }
  }
  finishIfAnswered();
}

void DirectoryProbe::finishIfAnswered() {
  if (deadline_ != nullptr &&
      std::all_of(orders_.begin(), orders_.end(), [](const Probe& one) { return one.answered; })) {
    deadline_.reset();
    verify();
  }
}

void DirectoryProbe::verify() {
  auto read = [&files = services_.files, orders = orders_]() -> Status {
    Status first = ok();
    for (const Probe& one : orders) {
      const runtime::ProbeOrder& order = one.order;
      const std::string theirs = fs::join(order.directory, order.write_file);
      std::string why = one.error;
      if (why.empty()) {
        auto content = fs::readAll(files, theirs);
        if (!content) {
          why = "what it wrote cannot be read here: " + content.error().message();
        } else if (*content != order.write_content) {
          why = "what it wrote reads differently here: " + theirs;
        }
      }
      if (!why.empty() && first) {
        first = one.silent ? silent(one.directory, one.host, why)
                           : notShared(one.directory, one.host, why);
      }
    }
    Status removed = removeFiles(files, orders);
    return first ? std::move(removed) : std::move(first);
  };
  work_.run(std::move(read), [this, run = run_](Status status) {
    if (run != run_) {
      return;
    }
    if (!status && status.error().code() != ErrorCode::kUnavailable && onOneMachine()) {
      log::warn("a directory of snapshots is not shared, which goes on as all is on one machine",
                {{"reason", status.error().message()}});
      status = ok();
    }
    answer(std::move(status));
  });
}

void DirectoryProbe::answer(Status status) {
  for (const Probe& one : orders_) {
    if (status) {
      shared_.insert(one.task_manager);
    }
  }
  orders_.clear();
  deadline_.reset();
  if (auto done = std::exchange(done_, {})) {
    done(std::move(status));
  }
}

void DirectoryProbe::cancel() {
  ++run_;
  done_ = {};
  deadline_.reset();
  if (orders_.empty()) {
    return;
  }
  work_.run([&files = services_.files,
             orders = std::exchange(orders_, {})] { return removeFiles(files, orders); },
            [](const Status&) {});  // A directory that cannot be written was named already.
}

/// Removes what both sides wrote, then the directories of the run, each with what was never
/// finished in it; goes on after an error and tells the first one.
Status DirectoryProbe::removeFiles(fs::FileSystem& files, const std::vector<Probe>& orders) {
  Status first = ok();
  const auto note = [&](Status removed) {
    if (first) {
      first = std::move(removed);
    }
  };
  for (const Probe& one : orders) {
    note(files.removeFile(fs::join(one.order.directory, one.order.write_file)));
    note(files.removeFile(fs::join(one.order.directory, one.order.expected_file)));
  }
  std::set<std::string> directories;
  for (const Probe& one : orders) {
    directories.insert(one.order.directory);
  }
  for (const std::string& directory : directories) {
    note(files.removeDirectory(directory));
  }
  return first;
}

DirectoryProbe::Probe* DirectoryProbe::find(TaskManagerId from, std::uint64_t id) {
  auto found = std::find_if(orders_.begin(), orders_.end(), [&](const Probe& one) {
    return one.task_manager == from && one.order.id == id;
  });
  return found == orders_.end() ? nullptr : &*found;
}

bool DirectoryProbe::onOneMachine() const {
  return !machine_.empty() && std::all_of(orders_.begin(), orders_.end(), [&](const Probe& one) {
    const runtime::Registration* registration = resources_.registration(one.task_manager);
    return registration != nullptr && registration->machine_id == machine_;
  });
}

}  // namespace weir::jobmanager
