// Workers that discard state handles; the other half of fake_cluster.cc.
#include <utility>

#include "tests/sim/fake_cluster.h"

namespace weir::sim {

/// Like a worker process: all handles are read before the first is discarded.
void FakeTaskManager::discardHandles(const runtime::DiscardHandles& order) {
  std::vector<std::uint64_t> handles;
  for (const runtime::DiscardHandles::Handle& one : order.handles) {
    runtime::Restores restores;
    runtime::OperatorRestoreOrder& section = restores.tasks.emplace_back().operators.emplace_back();
    section.id = one.owner;
    restores.give(section, {{0, one.state}});
    auto state = readState(world_.files, restores);
    if (!state || state->handles.size() != 1) {
      world_.violations.push_back("a state handle cannot be read any more: " +
                                  (state ? "it names none" : state.error().message()));
      return;
    }
    handles.push_back(*state->handles.begin());
  }
  after(world_.delay(), [this, execution = order.execution, handles = std::move(handles)] {
    discardNext(execution, handles, 0);
  });
}

void FakeTaskManager::discardNext(const runtime::ExecutionId& execution,
                                  const std::vector<std::uint64_t>& handles,
                                  std::uint64_t index) {
  if (!workers_.contains(execution)) {
    return;
  }
  if (index == handles.size()) {
    --world_.discard_workers_lost;
    end(execution, true, "");
    return;
  }
  asking_[execution] = {handles, index};
  send(runtime::HandleDiscarded{execution, index, false, {}});
}

void FakeTaskManager::mayDiscard(const runtime::DiscardOrder& order) {
  const runtime::ExecutionId execution = order.execution;
  auto asking = asking_.find(execution);
  if (asking == asking_.end() || asking->second.second != order.index ||
      !workers_.contains(execution)) {
    return;
  }
  const auto [handles, index] = std::move(asking->second);
  asking_.erase(asking);
  after(world_.delay(), [this, execution, handles, index] {
    if (!workers_.contains(execution)) {
      return;
    }
    const bool dies = world_.chance(world_.faults.kill_worker * 10);
    if (dies && world_.chance(500)) {
      end(execution, false, "killed by signal 11");  // In the middle of the call.
      return;
    }
    world_.discard(handles[index]);
    if (dies) {
      end(execution, false, "killed by signal 11");
      return;
    }
    send(runtime::HandleDiscarded{execution, index, true, {}});
    discardNext(execution, handles, index + 1);
  });
}

void World::discard(std::uint64_t handle) {
  if (!discarded.insert(handle).second) {
    violations.push_back("state handle " + std::to_string(handle) + " was discarded twice");
  }
}

bool World::holdsDiscarded(const ModelState& state) const {
  for (const std::uint64_t handle : state.handles) {
    if (discarded.contains(handle)) {
      return true;
    }
  }
  return false;
}

}  // namespace weir::sim
