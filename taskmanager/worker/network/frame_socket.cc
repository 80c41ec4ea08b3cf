#include "taskmanager/worker/network/frame_socket.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "taskmanager/worker/network/byte_stream.h"

namespace weir::worker {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kStagingBytes = 64 * 1024;
}

struct FrameSocket::Impl {
  Impl(std::unique_ptr<ByteStream> connected, BufferPool& buffers, FrameHandler& owner)
      : stream(std::move(connected)), pool(buffers), handler(owner), staging(kStagingBytes) {}

  void read() {
    // What is missing of a payload goes to its place; what follows it, to the staging area.
    places[0] = asio::mutable_buffer();
    if (in_payload) {
      places[0] =
          asio::mutable_buffer(payload.data() + payload.size(), header.length - payload.size());
    }
    places[1] = asio::mutable_buffer(staging.data() + staged, staging.size() - staged);
    stream->readSome(places, [this](const auto& error, std::size_t bytes) {
      if (error) {
        return fail(error.message());
      }
      onBytes(bytes);
    });
  }

  void onBytes(std::size_t bytes) {
    if (in_payload) {
      const std::size_t direct = std::min(bytes, header.length - payload.size());
      payload.resize(payload.size() + direct);
      bytes -= direct;
      if (payload.size() == header.length && !deliver()) {
        return;
      }
    }
    staged += bytes;
    std::size_t used = 0;
    while (!in_payload && staged - used >= FrameHeader::kSize) {
      header = FrameHeader::decode(staging.data() + used);
      used += FrameHeader::kSize;
      if (header.length > FrameHeader::kMostBytes) {
        return fail("a frame of " + std::to_string(header.length) + " bytes is none of ours");
      }
      payload = pool.take(header.length);
      in_payload = true;
      const std::size_t there = std::min<std::size_t>(header.length, staged - used);
      std::memcpy(payload.data(), staging.data() + used, there);
      payload.resize(there);
      used += there;
      if (there == header.length && !deliver()) {
        return;
      }
    }
    std::memmove(staging.data(), staging.data() + used, staged - used);
    staged -= used;
    read();
  }

  bool deliver() {
    in_payload = false;
    const std::string why =
        handler.onFrame(header.type, header.channel, std::exchange(payload, Buffer()));
    if (!why.empty()) {
      fail(why);
    }
    return !closed;
  }

  void write(std::string_view raw, std::vector<OutFrame> next) {
    frames = std::move(next);
    preamble = raw;
    gather.clear();
    if (!preamble.empty()) {
      gather.emplace_back(preamble.data(), preamble.size());
    }
    for (const OutFrame& frame : frames) {
      gather.emplace_back(frame.header.data(), frame.header.size());
      if (frame.data) {
        gather.emplace_back(frame.data.data(), frame.data.size());
      } else if (!frame.text.empty()) {
        gather.emplace_back(frame.text.data(), frame.text.size());
      }
    }
    stream->write(gather, [this](const auto& error, std::size_t) {
      for (OutFrame& frame : frames) {
        pool.give(std::move(frame.data));
      }
      frames.clear();
      if (error) {
        return fail(error.message());
      }
      handler.onWritten();
    });
  }

  void fail(const std::string& why) {
    if (!std::exchange(closed, true)) {
      stream->close();
      handler.onClosed(why);
    }
  }

  const std::unique_ptr<ByteStream> stream;
  BufferPool& pool;
  FrameHandler& handler;
  std::vector<std::byte> staging;
  std::size_t staged = 0;
  std::array<asio::mutable_buffer, 2> places;  // Of the read that is under way.
  FrameHeader header;                          // Of the frame that is being read.
  Buffer payload;                              // What came of it so far; its size says how much.
  bool in_payload = false;
  bool closed = false;
  std::string preamble;
  std::vector<OutFrame> frames;  // Being written.
  std::vector<asio::const_buffer> gather;
};

FrameSocket::FrameSocket(std::unique_ptr<ByteStream> stream,
                         BufferPool& pool,
                         FrameHandler& handler)
    : impl_(std::make_unique<Impl>(std::move(stream), pool, handler)) {}

FrameSocket::~FrameSocket() = default;

void FrameSocket::startReading() { impl_->read(); }

void FrameSocket::write(std::string_view raw, std::vector<OutFrame> frames) {
  impl_->write(raw, std::move(frames));
}

void FrameSocket::close(const std::string& why) { impl_->fail(why); }

}  // namespace weir::worker
