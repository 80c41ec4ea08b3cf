#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/concurrency/executor.h"
#include "common/zookeeper/zookeeper_library.h"

namespace weir::zookeeper {

/// What the library answers to a call, copied out of its memory.
struct Reply {
  int code = 0;  ///< ZOO_ERRORS
  std::string text = {};
  struct Stat stat = {};
  std::vector<std::string> names = {};
  std::vector<int> codes = {};          ///< Of each part of a multi.
  std::vector<struct Stat> stats = {};  ///< Likewise.
};

/// Calls on their way, watches that wait, and events of one session: the bridge from the library's
/// thread to the executor.
///
/// The library holds pointers to what stands here until it has answered or was closed; afterwards
/// the table may go. Each call is answered once on the executor: by the library, or after its
/// patience with ZOPERATIONTIMEOUT. Threads: the executor, but for the library's callbacks.
class CallTable : public std::enable_shared_from_this<CallTable> {
 public:
  using Answered = std::function<void(Reply)>;
  using Fired = std::function<void()>;
  using Event = std::function<void(int state)>;

  /// What the library must find until it answers.
  struct Call {
    CallTable* table = nullptr;
    std::uint64_t id = 0;
    std::uint64_t watch = 0;       // None: 0.
    bool watches_absence = false;  // The watch also stands where the node does not exist.
    std::vector<zoo_op_t> ops;
    std::vector<zoo_op_result_t> results;
    std::vector<struct Stat> stats;
    std::list<std::string> texts;  // Of ops.
  };
  struct Watch {
    CallTable* table = nullptr;
    std::uint64_t id = 0;
  };

  CallTable(concurrency::Executor& executor, Event event)
      : executor_(executor), event_(std::move(event)) {}

  Call& add(Duration patience, Answered answered);
  /// One that fires once, if `call` succeeds; none for an empty function.
  Watch* addWatch(Call& call, Fired fired);
  /// The library did not take the call.
  void refused(Call& call, int code);
  /// Answers all that wait.
  void failAll(int code);
  /// Nothing is answered and no event told from now on.
  void close();

  // Given to the library.
  static void onVoid(int code, const void* call);
  static void onStat(int code, const struct Stat* stat, const void* call);
  static void onData(
      int code, const char* bytes, int size, const struct Stat* stat, const void* call);
  static void onStrings(int code, const String_vector* strings, const void* call);
  static void onStringAndStat(int code,
                              const char* text,
                              const struct Stat* stat,
                              const void* call);
  static void onMulti(int code, const void* call);
  static void onWatch(zhandle_t* handle, int type, int state, const char* path, void* watch);
  static void onEvent(zhandle_t* handle, int type, int state, const char* path, void* table);

 private:
  struct Waiting {
    Answered answered;
    std::unique_ptr<concurrency::Executor::Timer> patience;
  };

  static void finish(const void* call, Reply reply);
  void finished(std::uint64_t id, Reply reply);
  void fired(std::uint64_t id);

  concurrency::Executor& executor_;
  Event event_;
  std::uint64_t last_ = 0;
  bool closed_ = false;
  std::map<std::uint64_t, Waiting> waiting_;
  std::map<std::uint64_t, Fired> watching_;

  std::mutex mutex_;
  std::map<std::uint64_t, Call> calls_;     // Under the mutex; the library has their addresses.
  std::map<std::uint64_t, Watch> watches_;  // Likewise.
};

}  // namespace weir::zookeeper
