#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/crash_point.h"
#include "common/functions/checkpointed.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"
#include "common/functions/transaction_error.h"
#include "common/functions/transaction_text.h"

namespace weir {

/// A transaction that a snapshot knows.
template <typename Txn>
struct HeldTransaction {
  std::uint64_t checkpoint = 0;  ///< That it was prepared for; 0: it was only begun.
  Txn transaction{};
};

namespace functions {
/// What an operator tells a function whose effects outside are transactions, so that open() and
/// close() are the user's alone.
class Transactional {
 public:
  virtual ~Transactional() = default;
  /// After open().
  virtual void startTransactions(RuntimeContext& context) = 0;
  /// Before close().
  virtual void endTransactions() = 0;
};
}  // namespace functions

/// A sink whose results are seen outside exactly once: what lies between two checkpoints is one
/// transaction, which is committed when the second one has completed.
///
/// All records go to the transaction that begin() returned last. At a checkpoint it is prepared
/// (preCommit()) and stored with the snapshot, and the next one begins. When a checkpoint has
/// completed, a savepoint included, everything that was prepared for it or for an earlier one is
/// committed, in order. A job that is restored, from a checkpoint or a savepoint and at any
/// parallelism, commits first what was prepared in it, each transaction on one subtask, and aborts
/// what was only begun. When the input has ended, everything is committed before the job is
/// FINISHED, in jobs without checkpoints, too. `weir savepoint check` begins and commits nothing.
///
/// So a process that dies between two steps repeats them, and a Txn is a name of what is outside
/// (a path, an id), never an open descriptor: it is read by another process. It is any type that
/// may be a record. Rules for what is called:
/// - begin() gives every transaction another name: of job, attempt, subtask and a counter, or a
///   random one.
/// - After preCommit() the transaction survives any crash, and commit() needs nothing but Txn.
/// - commit() may be called again for what is committed, and does nothing then. What it throws
///   fails the task, and it is called again after the restart, until it returns.
/// - abort() may be called for what has ended already, committed or aborted, and does nothing then.
/// A transaction that no snapshot knows when its process is killed is neither committed nor
/// aborted: nobody sees it, and what it takes up outside is to be removed there. So is one that was
/// prepared for a checkpoint of a job that was cancelled before it completed.
///
/// Without checkpoints a job has one transaction per subtask and attempt, committed at the end.
///
/// All calls come on the task's thread, after open() and before close(), which a sink may override
/// as every rich function does. Who overrides other functions of this class calls them, too.
template <typename T, typename Txn>
class TwoPhaseCommitSink : public RichFunction,
                           public ListCheckpointed<HeldTransaction<Txn>>,
                           public CheckpointListener,
                           public FinishListener,
                           public functions::Transactional {
  static_assert(std::is_copy_constructible_v<Txn>,
                "a transaction is copied into snapshots: let Txn be a name of what is outside, and "
                "keep what is open in the sink");

 public:
  /// A new transaction.
  virtual Txn begin() = 0;
  /// Adds a record to it.
  virtual void invoke(Txn& transaction, const T& value) = 0;
  /// Nothing will be added: makes it last, so that commit() cannot fail for what is in it.
  virtual void preCommit(Txn& transaction) = 0;
  /// Shows it to the outside.
  virtual void commit(const Txn& transaction) = 0;
  /// Removes it.
  virtual void abort(const Txn& transaction) = 0;

  std::vector<HeldTransaction<Txn>> snapshotState(std::uint64_t checkpoint_id) override {
    prepare(checkpoint_id);
    crashPoint("transaction.prepared");
    beginNext();
    crashPoint("transaction.begun");
    std::vector<HeldTransaction<Txn>> held = prepared_;
    held.push_back({0, *current_});
    return held;
  }
  void restoreState(const std::vector<HeldTransaction<Txn>>& held) override {
    restored_ = held;  // Nothing outside is done before open().
  }
  void notifyCheckpointComplete(std::uint64_t checkpoint_id) override {
    if (context_ != nullptr) {
      commitUpTo(checkpoint_id);
    }
  }
  void notifyFinished() override {
    commitUpTo(UINT64_MAX);  // A savepoint whose outcome was not told holds nothing else.
    if (context_->task().checkpointing && !used_) {
      endTransactions();
      return;
    }
    prepare(0);
    commitUpTo(UINT64_MAX);
  }

  /// For the operator.
  void startTransactions(RuntimeContext& context) override {
    if (context.isCheck()) {
      return;
    }
    context_ = &context;
    std::ranges::sort(restored_, {}, &HeldTransaction<Txn>::checkpoint);
    const auto first = std::ranges::find_if(
        restored_, [](const HeldTransaction<Txn>& one) { return one.checkpoint > 0; });
    const std::vector<HeldTransaction<Txn>> begun(restored_.begin(), first);
    prepared_.assign(first, restored_.end());
    restored_.clear();
    commitUpTo(UINT64_MAX);
    for (const HeldTransaction<Txn>& one : begun) {
      doStep("abort", &one.transaction, 0, [&] { abort(one.transaction); });
      crashPoint("transaction.aborted");
    }
    beginNext();
  }
  /// For the operator.
  void endTransactions() override {
    if (current_) {
      const Txn last = *std::exchange(current_, std::nullopt);
      doStep("abort", &last, 0, [&] { abort(last); });
    }
  }
  /// For the operator: what the next record is added to.
  Txn& currentTransaction() {
    used_ = true;
    return *current_;
  }

 private:
  void beginNext() {
    doStep("begin", nullptr, 0, [this] { current_.emplace(begin()); });
    used_ = false;
  }
  void prepare(std::uint64_t checkpoint_id) {
    doStep("prepare", &*current_, checkpoint_id, [this] { preCommit(*current_); });
    prepared_.push_back({checkpoint_id, *std::exchange(current_, std::nullopt)});
  }
  void commitUpTo(std::uint64_t checkpoint_id) {
    while (!prepared_.empty() && prepared_.front().checkpoint <= checkpoint_id) {
      const HeldTransaction<Txn>& first = prepared_.front();
      doStep("commit", &first.transaction, first.checkpoint, [&] { commit(first.transaction); });
      crashPoint("transaction.committed");
      prepared_.erase(prepared_.begin());
    }
  }
  /// Nothing of a worker that was given up reaches the outside, and what fails says where.
  template <typename Step>
  void doStep(const char* name, const Txn* transaction, std::uint64_t checkpoint, Step step) {
    context_->enforceLease();
    try {
      step();
    } catch (...) {
      functions::TransactionStep failed{name, {}, checkpoint, context_->getTaskName()};
      if (transaction != nullptr) {
        functions::appendTransaction(failed.transaction, *transaction);
      }
      functions::throwTransactionError(failed);
    }
  }

  std::vector<HeldTransaction<Txn>> restored_;  // From restoreState() to open().
  std::vector<HeldTransaction<Txn>> prepared_;  // In the order of their checkpoints.
  std::optional<Txn> current_;
  bool used_ = false;                  // The current one has a record.
  RuntimeContext* context_ = nullptr;  // Of the operator, from open() on.
};

}  // namespace weir
