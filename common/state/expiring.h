#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/record/serializer.h"
#include "common/schema/schema_match.h"
#include "common/state/descriptors.h"

/// What state that expires holds for a key, and which part of it has.
namespace weir::state {

/// Of an entry that was restored from state that did not expire: its life begins when it is met.
inline constexpr std::int64_t kNotAccessed = std::numeric_limits<std::int64_t>::min();

/// A cell with the times of the last access, in milliseconds since the epoch: one, or one for each
/// element of a list or entry of a map. Elements without a time are kNotAccessed.
template <typename V, typename T>
struct Expiring {
  Expiring(V the_value, T the_times) : value(std::move(the_value)), times(std::move(the_times)) {}
  V value;
  T times;
};

/// How far a cell was looked at.
struct Looked {
  std::size_t next = 0;     ///< The part to go on with; 0 behind the last one.
  std::size_t seen = 0;     ///< What it has cost, in looks at one part.
  std::size_t settles = 0;  ///< What it costs to settle() the cell, in the same.
};

/// What has expired at one instant: all that was last accessed at `before` or earlier.
struct Horizon {
  Horizon(std::int64_t time, std::int64_t ttl) : now(time) {
    if (__builtin_sub_overflow(time, ttl, &before)) {
      before = kNotAccessed;
    }
  }
  bool passed(std::int64_t access) const { return access != kNotAccessed && access <= before; }

  std::int64_t now;
  std::int64_t before = kNotAccessed;
};

/// How the times of a state of this kind relate to what it holds.
///
/// isSettled(): nothing has expired, and every part has a time. isEmpty(): all has expired.
/// look() goes over about `most` parts from one on, those of a map as it has stored them, and tells
/// `due` of each that is not settled.
/// settle() drops what has expired and gives the rest times, and answers whether anything is left.
/// touch(): all was accessed now.
template <typename Descriptor>
struct TtlRule {
  using V = typename Descriptor::Cell;
  using T = std::int64_t;
  static bool isSettled(const V& /*value*/, const T& time, const Horizon& horizon) {
    return time != kNotAccessed && !horizon.passed(time);
  }
  static bool isEmpty(const V& /*value*/, const T& time, const Horizon& horizon) {
    return horizon.passed(time);
  }
  template <typename Due>
  static Looked look(const V& value,
                     const T& time,
                     const Horizon& horizon,
                     std::size_t /*part*/,
                     std::size_t /*most*/,
                     Due due) {
    if (!isSettled(value, time, horizon)) {
      due();
    }
    return {0, 1, 1};
  }
  static bool settle(V& /*value*/, T& time, const Horizon& horizon) {
    time = time == kNotAccessed ? horizon.now : time;
    return !horizon.passed(time);
  }
  static void touch(const V& /*value*/, T& time, std::int64_t now) { time = now; }
  static T none() { return kNotAccessed; }
};

template <typename E>
struct TtlRule<ListStateDescriptor<E>> {
  using V = std::vector<E>;
  using T = std::vector<std::int64_t>;
  static constexpr std::size_t kMovedPerLook = 16;  // Elements that go to another place.
  static bool isSettled(const V& values, const T& times, const Horizon& horizon) {
    return times.size() == values.size() && std::ranges::none_of(times, [&](auto time) {
             return time == kNotAccessed || horizon.passed(time);
           });
  }
  static bool isEmpty(const V& values, const T& times, const Horizon& horizon) {
    return times.size() >= values.size() &&
           std::ranges::all_of(times, [&](auto time) { return horizon.passed(time); });
  }
  template <typename Due>
  static Looked look(const V& values,
                     const T& times,
                     const Horizon& horizon,
                     std::size_t part,
                     std::size_t most,
                     Due due) {
    const std::size_t begin = std::min(part, values.size());
    const std::size_t end = begin + std::min(most, values.size() - begin);
    for (std::size_t i = begin; i < end; ++i) {
      if (i >= times.size() || times[i] == kNotAccessed || horizon.passed(times[i])) {
        due();
      }
    }
    return {end == values.size() ? 0 : end, end - begin + 1, values.size() / kMovedPerLook};
  }
  static bool settle(V& values, T& times, const Horizon& horizon) {
    times.resize(values.size(), horizon.now);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (horizon.passed(times[i])) {
        continue;
      }
      times[kept] = times[i] == kNotAccessed ? horizon.now : times[i];
      if (kept != i) {
        values[kept] = std::move(values[i]);
      }
      ++kept;
    }
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(kept), values.end());
    times.resize(kept);
    return kept != 0;
  }
  static void touch(const V& values, T& times, std::int64_t now) {
    times.assign(values.size(), now);
  }
  static T none() { return {}; }
};

template <typename K, typename E>
struct TtlRule<MapStateDescriptor<K, E>> {
  using V = typename MapStateDescriptor<K, E>::Cell;
  using T = std::unordered_map<K, std::int64_t, KeyHasher, KeyEqual>;
  static std::int64_t timeOf(const K& key, const T& times) {
    const auto found = times.find(key);
    return found == times.end() ? kNotAccessed : found->second;
  }
  static bool isSettled(const V& values, const T& times, const Horizon& horizon) {
    return times.size() == values.size() && std::ranges::none_of(times, [&](const auto& one) {
             return one.second == kNotAccessed || horizon.passed(one.second);
           });
  }
  static bool isEmpty(const V& values, const T& times, const Horizon& horizon) {
    return std::ranges::all_of(
        values, [&](const auto& one) { return horizon.passed(timeOf(one.first, times)); });
  }
  template <typename Due>
  static Looked look(const V& values,
                     const T& times,
                     const Horizon& horizon,
                     std::size_t part,
                     std::size_t most,
                     Due due) {
    std::size_t seen = 1;
    std::size_t bucket = part;
    for (; bucket < values.bucket_count() && seen <= most; ++bucket, ++seen) {
      for (auto one = values.begin(bucket); one != values.end(bucket); ++one, ++seen) {
        const std::int64_t time = timeOf(one->first, times);
        if (time == kNotAccessed || horizon.passed(time)) {
          due(one->first);
        }
      }
    }
    return {bucket < values.bucket_count() ? bucket : 0, seen, values.size()};
  }
  static bool settle(V& values, T& times, const Horizon& horizon) {
    for (auto one = values.begin(); one != values.end();) {
      std::int64_t& time = times.try_emplace(one->first, kNotAccessed).first->second;
      time = time == kNotAccessed ? horizon.now : time;
      if (horizon.passed(time)) {
        times.erase(one->first);
        one = values.erase(one);
      } else {
        ++one;
      }
    }
    return !values.empty();
  }
  static void touch(const V& values, T& times, std::int64_t now) {
    times.clear();
    for (const auto& one : values) {
      times.emplace(one.first, now);
    }
  }
  static T none() { return {}; }
};

template <typename Descriptor>
using ExpiringCell = Expiring<typename TtlRule<Descriptor>::V, typename TtlRule<Descriptor>::T>;

}  // namespace weir::state

namespace weir::record {

template <typename V, typename T>
struct Codec<state::Expiring<V, T>> {
  using Parts = Types<V, T>;
  static constexpr bool kSupported = true;
  static void write(const state::Expiring<V, T>& cell, Writer& to) {
    record::write<V>(cell.value, to);
    record::write<T>(cell.times, to);
  }
  static state::Expiring<V, T> read(Reader& from) {
    V value = record::read<V>(from);
    return {std::move(value), record::read<T>(from)};
  }
  static Schema schema(const TypePath* /*path*/) {
    Schema schema{.kind = SchemaKind::kStruct, .fields = {}};
    schema.fields.push_back({.name = "value", .schema = schemaAt<V>(nullptr)});
    Writer unknown;
    if constexpr (std::is_arithmetic_v<T>) {
      record::write<T>(state::kNotAccessed, unknown);
    } else {
      record::write<T>(T(), unknown);
    }
    schema.fields.push_back({.name = std::string(kLastAccess),
                             .schema = schemaAt<T>(nullptr),
                             .default_value = unknown.str()});
    return schema;
  }
};

}  // namespace weir::record
