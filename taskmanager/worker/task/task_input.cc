#include "taskmanager/worker/task/task_input.h"

#include <utility>

namespace weir::worker {

namespace {

std::uint32_t channelsOf(const std::vector<GateSection>& sections) {
  return sections.empty() ? 0 : sections.back().first + sections.back().count;
}

}  // namespace

TaskInput::TaskInput(std::vector<GateSection> sections, BufferPool& buffers, WakeSignal& signal)
    : open_ports_(sections.size()), gate_(channelsOf(sections), buffers, signal) {
  for (const GateSection& section : sections) {
    port_of_.insert(port_of_.end(), section.count, static_cast<std::uint32_t>(ports_.size()));
    ports_.push_back(Port{section.edge, section.count, nullptr});
  }
}

void TaskInput::connect(OperatorChain& chain) {
  for (Port& port : ports_) {
    port.reader = &chain.reader(port.edge);
  }
}

TaskInput::Next TaskInput::next() {
  if (current_) {
    return current_->event ? Next::kEvent : Next::kRecords;
  }
  current_ = gate_.next();
  if (!current_) {
    return Next::kNothing;
  }
  if (current_->event) {
    return Next::kEvent;
  }
  offset_ = 0;
  reading_ = &ports_[port_of_[current_->channel]];
  reading_->reader->begin();
  bytes_read_ += current_->buffer.size();
  return Next::kRecords;
}

bool TaskInput::read(std::size_t limit) {
  offset_ += reading_->reader->read(current_->buffer.view().subspan(offset_), limit);
  if (offset_ < current_->buffer.size()) {
    return true;
  }
  gate_.recycle(current_->channel, std::move(current_->buffer));
  current_.reset();
  return false;
}

TaskInput::ChannelEvent TaskInput::takeEvent() {
  Arrival arrival = *std::exchange(current_, std::nullopt);
  return {arrival.channel, *std::move(arrival.event)};
}

std::optional<std::uint32_t> TaskInput::endChannel(std::uint32_t channel) {
  Port& port = ports_[port_of_[channel]];
  if (port.open == 0 || --port.open != 0) {
    return std::nullopt;
  }
  --open_ports_;
  return port.edge;
}

}  // namespace weir::worker
