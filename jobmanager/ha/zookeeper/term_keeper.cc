#include "jobmanager/ha/zookeeper/term_keeper.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"

namespace weir::ha {
namespace {

using zookeeper::Lifetime;
using zookeeper::Operation;

constexpr std::size_t kTokenLetters = 32;

}  // namespace

TermKeeper::TermKeeper(Election& election, RecordWriter& files, Settings settings, Random& random)
    : election_(election),
      client_(election.client()),
      files_(files),
      node_(std::move(settings.node)),
      holder_(std::move(settings.holder)),
      founded_after_(settings.founded_after),
      token_(random.hex(kTokenLetters)) {}

Status TermKeeper::fenced(const std::string& why) const {
  return Error(ErrorCode::kFenced,
               "the leader of epoch " + std::to_string(term_.epoch.value()) +
                   " does not lead any more: " + why);
}

/// Where nobody has ever led, or ZooKeeper has lost its nodes: no epoch is given twice, as those of
/// files that are left count.
Result<LeaderEpoch> TermKeeper::found() {
  WEIR_TRY(const LeaderEpoch own, files_.newest());
  const LeaderEpoch newest = std::max(own, founded_after_);
  const TermNode none{.epoch = newest, .writes = 0, .token = "", .holder = ""};
  const auto made = client_.create(node_, encodeTerm(none), Lifetime::kPersistent);
  if (!made && isUnknown(made.error())) {
    WEIR_RETURN_IF_ERROR(client_.awaitConnection());
  } else if (!made && made.error().code() != ErrorCode::kFailedPrecondition) {
    return Error(made.error());
  }
  crashPoint("zookeeper-store.founded");
  return newest;
}

/// We are the one who raised it last; kFenced when we do not stand first any more.
Status TermKeeper::raise() {
  for (;;) {
    const auto node = client_.read(node_);
    if (!node && node.error().code() == ErrorCode::kNotFound) {
      WEIR_RETURN_IF_ERROR([this]() -> Status {
        WEIR_TRY([[maybe_unused]] const LeaderEpoch founded, found());
        return ok();
      }());
      continue;
    }
    if (!node) {
      return Error(node.error());
    }
    auto term = decodeTerm(node->data);
    if (!term) {
      return std::move(term)
          .error()
          .during("node " + node_ + " of ZooKeeper")
          .advise("name another recovery.zookeeper.path.root");
    }
    if (term->token == token_) {  // The answer to our write was lost.
      term_ = *std::move(term);
      version_ = node->stat.version;
      return ok();
    }
    const TermNode next{term->epoch.next(), 0, token_, holder_};
    const auto raised =
        client_.multi({Operation::check(election_.node(), zookeeper::kAnyVersion),
                       Operation::set(node_, encodeTerm(next), node->stat.version)});
    if (!raised.error) {
      term_ = next;
      version_ = raised.stats[1].version;
      return ok();
    }
    if (isUnknown(*raised.error)) {
      WEIR_RETURN_IF_ERROR(client_.awaitConnection());
    } else if (raised.failed == 0 || raised.error->code() != ErrorCode::kFenced) {
      return Error(ErrorCode::kFenced,
                   "another job manager stands first: " + raised.error->message());
    }
  }
}

/// With the node of the term, which must be as we left it.
Status TermKeeper::commit(std::vector<Operation> operations) {
  TermNode next = term_;
  ++next.writes;
  operations.insert(operations.begin(), Operation::set(node_, encodeTerm(next), version_));
  refused_ = false;
  bool asked_again = false;
  for (;;) {
    const auto done = client_.multi(operations);
    if (!done.error) {
      term_ = next;
      version_ = done.stats[0].version;
      return ok();
    }
    if (isUnknown(*done.error)) {
      asked_again = true;
      if (const Status connected = client_.awaitConnection(); !connected) {
        return fenced(connected.error().message());
      }
      continue;  // If it was done, it is refused now.
    }
    refused_ = !asked_again && done.error->code() != ErrorCode::kUnavailable;
    if (done.failed == 0 && done.error->code() == ErrorCode::kFenced) {
      return findOut(next);
    }
    if (done.error->code() == ErrorCode::kUnavailable || done.failed == 0) {
      return fenced(done.error->message());
    }
    return fenced("ZooKeeper does not hold what this leader wrote: " + done.error->message());
  }
}

/// The node of the term is not as we left it: as we wanted it, or another one's.
Status TermKeeper::findOut(const TermNode& wanted) {
  const auto node = client_.read(node_);
  if (!node) {
    return fenced(node.error().message());
  }
  const auto term = decodeTerm(node->data);
  if (!term) {
    return fenced(term.error().message());
  }
  if (*term != wanted) {
    return fenced(term->holder + " leads since epoch " + std::to_string(term->epoch.value()));
  }
  term_ = wanted;
  version_ = node->stat.version;
  return ok();
}

}  // namespace weir::ha
