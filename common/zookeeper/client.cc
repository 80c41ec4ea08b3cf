#include "common/zookeeper/client.h"

#include <algorithm>
#include <utility>

#include "common/zookeeper/session.h"

namespace weir::zookeeper {
namespace {

// As they stand in the protocol (in zookeeper.h they are variables of the library).
constexpr int kEphemeral = 1;
constexpr int kEphemeralSequential = 3;

int flagsOf(Lifetime lifetime) {
  switch (lifetime) {
    case Lifetime::kEphemeral:
      return kEphemeral;
    case Lifetime::kEphemeralSequential:
      return kEphemeralSequential;
    case Lifetime::kPersistent:
      break;
  }
  return 0;
}

NodeStat statOf(const struct Stat& stat) {
  return {stat.version, stat.czxid, stat.mzxid, stat.ephemeralOwner};
}

}  // namespace

Result<std::unique_ptr<Client>> Client::open(const Settings& settings,
                                             concurrency::Executor& executor,
                                             StateSink state) {
  WEIR_TRY(const ZooKeeperLibrary* library, ZooKeeperLibrary::load());
  auto session = std::make_shared<Session>(settings, *library, executor, std::move(state));
  std::unique_ptr<Client> client(new Client(session));  // NOLINT: private constructor.
  WEIR_RETURN_IF_ERROR(session->open());
  return client;
}

Client::Client(std::shared_ptr<Session> session) : session_(std::move(session)) {}

Client::~Client() { session_->close(); }

SessionState Client::state() const { return session_->state(); }
bool Client::leaseHolds() const { return session_->lease().holds(); }
Duration Client::sessionTimeout() const { return session_->timeout(); }
std::int64_t Client::sessionId() const { return session_->id(); }

void Client::get(const std::string& path, Answer<Node> done, Watcher changed) {
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](Reply reply) {
        done(reply.code == ZOK ? Result<Node>(Node{std::move(reply.text), statOf(reply.stat)})
                               : Result<Node>(session.errorOf(reply.code, "read node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        CallTable::Watch* watch = session.table().addWatch(call, std::move(changed));
        return session.library().zoo_awget(handle,
                                           path.c_str(),
                                           watch == nullptr ? nullptr : &CallTable::onWatch,
                                           watch,
                                           &CallTable::onData,
                                           &call);
      });
}

void Client::exists(const std::string& path,
                    Answer<std::optional<NodeStat>> done,
                    Watcher changed) {
  using Found = Result<std::optional<NodeStat>>;
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](const Reply& reply) {
        if (reply.code == ZOK) {
          done(Found(statOf(reply.stat)));
        } else {
          done(reply.code == ZNONODE ? Found(std::nullopt)
                                     : Found(session.errorOf(reply.code, "look for node " + path)));
        }
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        call.watches_absence = true;
        CallTable::Watch* watch = session.table().addWatch(call, std::move(changed));
        return session.library().zoo_awexists(handle,
                                              path.c_str(),
                                              watch == nullptr ? nullptr : &CallTable::onWatch,
                                              watch,
                                              &CallTable::onStat,
                                              &call);
      });
}

void Client::children(const std::string& path,
                      Answer<std::vector<std::string>> done,
                      Watcher changed) {
  using Names = Result<std::vector<std::string>>;
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](Reply reply) {
        done(reply.code == ZOK ? Names(std::move(reply.names))
                               : Names(session.errorOf(reply.code, "list node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        CallTable::Watch* watch = session.table().addWatch(call, std::move(changed));
        return session.library().zoo_awget_children(
            handle,
            path.c_str(),
            watch == nullptr ? nullptr : &CallTable::onWatch,
            watch,
            &CallTable::onStrings,
            &call);
      });
}

void Client::create(const std::string& path,
                    std::string_view data,
                    Lifetime lifetime,
                    Answer<std::string> done) {
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](Reply reply) {
        done(reply.code == ZOK
                 ? Result<std::string>(std::move(reply.text))
                 : Result<std::string>(session.errorOf(reply.code, "create node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        return session.library().zoo_acreate2(handle,
                                              path.c_str(),
                                              data.data(),
                                              static_cast<int>(data.size()),
                                              session.library().open_acl,
                                              flagsOf(lifetime),
                                              &CallTable::onStringAndStat,
                                              &call);
      });
}

void Client::set(const std::string& path,
                 std::string_view data,
                 std::int32_t version,
                 Answer<NodeStat> done) {
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](const Reply& reply) {
        done(reply.code == ZOK
                 ? Result<NodeStat>(statOf(reply.stat))
                 : Result<NodeStat>(session.errorOf(reply.code, "write node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        return session.library().zoo_aset(handle,
                                          path.c_str(),
                                          data.data(),
                                          static_cast<int>(data.size()),
                                          version,
                                          &CallTable::onStat,
                                          &call);
      });
}

void Client::remove(const std::string& path, std::int32_t version, Answer<std::monostate> done) {
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](const Reply& reply) {
        done(reply.code == ZOK ? ok() : Status(session.errorOf(reply.code, "delete node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        return session.library().zoo_adelete(
            handle, path.c_str(), version, &CallTable::onVoid, &call);
      });
}

void Client::sync(const std::string& path, Answer<std::monostate> done) {
  Session& session = *session_;
  session.call(
      [&session, path, done = std::move(done)](const Reply& reply) {
        done(reply.code == ZOK ? ok() : Status(session.errorOf(reply.code, "sync node " + path)));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        return session.library().zoo_async(
            handle,
            path.c_str(),
            [](int code, const char* text, const void* data) {
              CallTable::onStringAndStat(code, text, nullptr, data);
            },
            &call);
      });
}

namespace {

/// Fills in what the library needs of each operation, and keeps until it answers.
void prepare(const std::vector<Operation>& operations,
             const ZooKeeperLibrary& library,
             CallTable::Call& call) {
  constexpr std::size_t kSequenceDigits = 16;
  call.ops.resize(operations.size());
  call.results.resize(operations.size());
  call.stats.resize(operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& from = operations[i];
    zoo_op_t* const to = &call.ops[i];
    const char* const path = call.texts.emplace_back(from.path).c_str();
    const std::string& data = call.texts.emplace_back(from.data);
    const int size = static_cast<int>(data.size());
    switch (from.kind) {
      case Operation::Kind::kCheck:
        library.zoo_check_op_init(to, path, from.version);
        break;
      case Operation::Kind::kCreate: {
        std::string& made = call.texts.emplace_back(from.path.size() + kSequenceDigits, '\0');
        library.zoo_create_op_init(to,
                                   path,
                                   data.data(),
                                   size,
                                   library.open_acl,
                                   flagsOf(from.lifetime),
                                   made.data(),
                                   static_cast<int>(made.size()));
        break;
      }
      case Operation::Kind::kSet:
        library.zoo_set_op_init(to, path, data.data(), size, from.version, &call.stats[i]);
        break;
      case Operation::Kind::kRemove:
        library.zoo_delete_op_init(to, path, from.version);
        break;
    }
  }
}

}  // namespace

void Client::multi(const std::vector<Operation>& operations, std::function<void(MultiReply)> done) {
  Session& session = *session_;
  std::vector<std::string> paths;
  for (const Operation& operation : operations) {
    paths.push_back(operation.path);
  }
  session.call(
      [&session, paths, done = std::move(done)](const Reply& reply) {
        MultiReply answer;
        for (const struct Stat& stat : reply.stats) {
          answer.stats.push_back(statOf(stat));
        }
        if (reply.code != ZOK) {
          // The parts before the refused one have no code, those after it an inconsistency.
          const auto refused = std::ranges::find_if(
              reply.codes, [](int code) { return code != ZOK && code != ZRUNTIMEINCONSISTENCY; });
          answer.failed = static_cast<std::size_t>(refused - reply.codes.begin());
          const bool known = refused != reply.codes.end() &&
                             Session::codeOf(reply.code) != ErrorCode::kDeadlineExceeded;
          answer.error = known ? session.errorOf(*refused, "change node " + paths[answer.failed])
                               : session.errorOf(reply.code, "change node " + paths.front());
        }
        done(std::move(answer));
      },
      [&](zhandle_t* handle, CallTable::Call& call) {
        prepare(operations, session.library(), call);
        return session.library().zoo_amulti(handle,
                                            static_cast<int>(call.ops.size()),
                                            call.ops.data(),
                                            call.results.data(),
                                            &CallTable::onMulti,
                                            &call);
      });
}

}  // namespace weir::zookeeper
