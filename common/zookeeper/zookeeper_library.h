#pragma once

#include <zookeeper/zookeeper.h>

#include "common/base/result.h"

namespace weir::zookeeper {

// clang-format off
/// What is called of ZooKeeper's library.
#define WEIR_ZOOKEEPER_FUNCTIONS(X)                                                                \
  X(zookeeper_init2) X(zookeeper_close) X(zoo_recv_timeout) X(zoo_client_id) X(zoo_get_context)    \
  X(zoo_acreate2) X(zoo_adelete) X(zoo_awexists) X(zoo_awget) X(zoo_aset)                          \
  X(zoo_awget_children) X(zoo_async) X(zoo_amulti) X(zoo_create_op_init) X(zoo_delete_op_init)     \
  X(zoo_set_op_init) X(zoo_check_op_init) X(zoo_set_debug_level) X(zerror)
// clang-format on

/// ZooKeeper's library for C with threads, loaded into this process when recovery.mode: zookeeper
/// asks for it and never again let go: other processes pay nothing for it. Read-only once it is
/// loaded.
struct ZooKeeperLibrary {
#define WEIR_DECLARE_(name) decltype(&::name) name = nullptr;
  WEIR_ZOOKEEPER_FUNCTIONS(WEIR_DECLARE_)
#undef WEIR_DECLARE_
  const ACL_vector* open_acl = nullptr;  ///< Everybody may do everything.

  /// Lives as long as the process. Errors: kInvalidArgument where it is not installed.
  static Result<const ZooKeeperLibrary*> load();
};

}  // namespace weir::zookeeper
