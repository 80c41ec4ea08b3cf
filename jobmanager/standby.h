#pragma once

#include <memory>

#include "common/config/configuration.h"
#include "common/config/security.h"
#include "jobmanager/listening.h"

namespace weir::jobmanager {

/// What a job manager is while another one leads: it answers every call, and HTTP, by where the
/// leader is asked, at the addresses where it would itself be asked.
///
/// Serves from start() to its destruction, on threads of its own. Errors: kUnavailable for an
/// address that cannot be listened on.
class Standby {
 public:
  static Result<std::unique_ptr<Standby>> start(const config::Configuration& configuration,
                                                const config::Security& security,
                                                const Connections& limits);
  ~Standby();
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  /// Of what it listens on.
  KnownPorts ports() const;

 private:
  struct Parts;
  explicit Standby(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::jobmanager
