#include "taskmanager/worker/task/task_input.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace weir::worker {

namespace {

std::uint32_t channelsOf(const std::vector<GateSection>& sections) {
  return sections.empty() ? 0 : sections.back().first + sections.back().count;
}

}  // namespace

TaskInput::TaskInput(const std::vector<GateSection>& sections,
                     graph::CheckpointingMode mode,
                     BufferPool& buffers,
                     WakeSignal& signal,
                     const Clock& clock)
    : gate_(channelsOf(sections), buffers, signal),
      barriers_(BarrierHandler::make(mode, gate_.channels())),
      clock_(clock) {
  std::vector<std::uint32_t> widths;  // By port: channels.
  for (const GateSection& section : sections) {
    widths.resize(std::max<std::size_t>(widths.size(), section.port + 1));
    for (std::uint32_t i = 0; i < section.count; ++i) {
      channels_.push_back(Channel{
          static_cast<std::uint32_t>(sections_.size()), section.port, widths[section.port]++});
    }
    sections_.push_back(Section{section.edge, nullptr});
  }
  for (const std::uint32_t width : widths) {
    ports_.emplace_back(width);
  }
  open_ports_ = ports_.size();
}

void TaskInput::connect(OperatorChain& chain) {
  for (Section& section : sections_) {
    section.reader = &chain.reader(section.edge);
  }
}

TaskInput::Next TaskInput::next() {
  if (!current_) {
    current_ = gate_.next();
    if (!current_) {
      return Next::kNothing;
    }
    if (const auto* buffer = std::get_if<Buffer>(&current_->element)) {
      offset_ = 0;
      reading_ = sections_[channels_[current_->channel].section].reader;
      reading_->begin();
      bytes_read_ += buffer->size();
    }
  }
  return std::holds_alternative<Buffer>(current_->element) ? Next::kRecords : Next::kSignal;
}

bool TaskInput::read(std::size_t limit) {
  auto& buffer = std::get<Buffer>(current_->element);
  offset_ += reading_->read(buffer.view().subspan(offset_), limit);
  if (offset_ < buffer.size()) {
    return true;
  }
  gate_.recycle(current_->channel, std::move(buffer));
  current_.reset();
  return false;
}

std::optional<TaskInput::Joined> TaskInput::join() {
  const Arrival arrival = *std::exchange(current_, std::nullopt);
  const auto& signal = std::get<functions::Signal>(arrival.element);
  if (const auto* barrier = std::get_if<functions::Barrier>(&signal)) {
    return align(arrival.channel, *barrier);
  }
  const Channel& channel = channels_[arrival.channel];
  const auto joined = ports_[channel.port].join(channel.index, signal);
  if (!joined) {
    return std::nullopt;
  }
  open_ports_ -= std::holds_alternative<functions::EndOfInput>(*joined) ? 1 : 0;
  return Joined{*joined, channel.port, {}, 0};
}

std::optional<TaskInput::Joined> TaskInput::align(std::uint32_t channel,
                                                  const functions::Barrier& barrier) {
  const BarrierVerdict verdict = barriers_->onBarrier(channel, barrier, clock_.now());
  apply(channel, verdict);
  if (!verdict.passed) {
    return std::nullopt;
  }
  return Joined{*verdict.passed, 0, verdict.alignment, channel + 1};
}

void TaskInput::abort(CheckpointId checkpoint) { apply(0, barriers_->onAborted(checkpoint)); }

void TaskInput::apply(std::uint32_t channel, const BarrierVerdict& verdict) {
  if (verdict.release) {
    gate_.unblockAll();
  }
  if (verdict.block) {
    gate_.block(channel);
  }
}

}  // namespace weir::worker
