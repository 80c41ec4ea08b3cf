#include "taskmanager/worker/task/task_input.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "common/base/crash_point.h"

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
                     const Clock& clock,
                     std::optional<OvertakenInput> overtaken)
    : gate_(channelsOf(sections), buffers, signal), clock_(clock) {
  std::optional<Overtaking> overtaking;
  if (overtaken && !sections.empty()) {
    overtaking = std::move(overtaken->overtaking);
    edges_ = std::move(overtaken->edges);
    gate_.announceBarriers();
  }
  barriers_ = BarrierHandler::make(mode, gate_.channels(), std::move(overtaking));
  std::vector<std::uint32_t> widths;  // By port: channels.
  for (const GateSection& section : sections) {
    widths.resize(std::max<std::size_t>(widths.size(), section.port + 1));
    for (std::uint32_t i = 0; i < section.count; ++i) {
      channels_.push_back(Channel{
          static_cast<std::uint32_t>(sections_.size()), section.port, widths[section.port]++});
    }
    sections_.push_back(Section{section.edge, section.first, nullptr});
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
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    edges_[i].schema = sections_[i].reader->schema();
  }
}

void TaskInput::replay(std::vector<Arrival> elements) {
  replay_.assign(std::make_move_iterator(elements.begin()),
                 std::make_move_iterator(elements.end()));
}

TaskInput::Next TaskInput::next() {
  if (more_) {
    return Next::kSignal;
  }
  if (!current_) {
    replaying_ = !replay_.empty();
    if (replaying_) {
      current_ = std::move(replay_.front());
      replay_.pop_front();
    } else {
      current_ = gate_.next();
    }
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
  if (!replaying_) {
    gate_.recycle(current_->channel, std::move(buffer));
  }
  current_.reset();
  noteReplayed();
  return false;
}

void TaskInput::noteReplayed() const {
  if (replaying_ && replay_.empty()) {
    crashPoint("unaligned.replayed");
  }
}

std::optional<TaskInput::Joined> TaskInput::join() {
  if (more_) {
    return std::exchange(more_, std::nullopt);
  }
  const Arrival arrival = *std::exchange(current_, std::nullopt);
  noteReplayed();
  const auto& signal = std::get<functions::Signal>(arrival.element);
  if (const auto* barrier = std::get_if<functions::Barrier>(&signal)) {
    return align(arrival.channel, *barrier);
  }
  const Channel& channel = channels_[arrival.channel];
  const auto joined = ports_[channel.port].join(channel.index, signal);
  if (!joined) {
    return std::nullopt;
  }
  if (const auto more = ports_[channel.port].more()) {
    more_ = Joined{*more, channel.port};
  }
  open_ports_ -= std::holds_alternative<functions::EndOfInput>(*joined) ? 1 : 0;
  return Joined{*joined, channel.port};
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

SteadyTime TaskInput::overtakesAt() {
  if (gate_.announced()) {
    const SteadyTime now = clock_.now();
    for (const Announcement& one : gate_.takeAnnounced()) {
      barriers_->onAnnounced(one.channel, one.barrier, now);
    }
  }
  return barriers_->overtakesAt();
}

std::optional<TaskInput::Joined> TaskInput::overtake() {
  const BarrierVerdict verdict = barriers_->overtake(clock_.now());
  if (!verdict.passed) {
    return std::nullopt;
  }
  Joined joined{*verdict.passed, 0, verdict.alignment};
  joined.overtaken = true;
  joined.in_flight = copyInFlight(verdict.passed->checkpoint);
  apply(0, verdict);
  return joined;
}

/// A barrier that was delivered blocks its channel, so that what is being read came before it.
std::vector<InFlightRecords> TaskInput::copyInFlight(CheckpointId checkpoint) {
  std::vector<InFlightRecords> records(sections_.size());
  const auto add = [&](std::uint32_t channel, functions::Element element) {
    const std::uint32_t section = channels_[channel].section;
    records[section].elements.push_back({channel - sections_[section].first, std::move(element)});
  };
  if (current_) {
    const auto bytes = std::get<Buffer>(current_->element).view();
    Buffer rest = functions::copyOf(bytes.subspan(offset_ == 0 ? 0 : offset_ - 1));
    rest.data()[0] = bytes[0];  // The header, in front of the records that are left.
    add(current_->channel, std::move(rest));
  }
  for (const Arrival& one : replay_) {
    if (const auto* buffer = std::get_if<Buffer>(&one.element)) {
      add(one.channel, functions::copyOf(buffer->view()));
    } else {
      add(one.channel, std::get<functions::Signal>(one.element));
    }
  }
  for (Arrival& one : gate_.copyAhead(checkpoint)) {
    add(one.channel, std::move(one.element));
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].edge = edges_[i];
  }
  std::erase_if(records, [](const InFlightRecords& one) { return one.elements.empty(); });
  return records;
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
