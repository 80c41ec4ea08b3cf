#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What a task manager tells about the machine that it runs on. Any thread.
namespace weir::taskmanager {

std::uint32_t cpuCores();
/// Of the machine, or of the control group if that has less.
std::uint64_t physicalMemory();
/// What could be used without swapping.
std::uint64_t freeMemory();

/// Whether `host` names this machine for itself only: localhost, 127.0.0.0/8, ::1.
bool isLoopback(const std::string& host);
/// The own address from which packets to `host` leave; the host name when that is not known.
std::string addressTowards(const std::string& host);
/// The own address towards the first of "host:port,host:port" that is not on this machine alone;
/// 127.0.0.1 where all are.
std::string addressTowardsAny(std::string_view servers);

/// The path of weir-launcher: beside this executable, or in lib/ or libexec/ next to its bin/;
/// empty when it is in none of them.
std::string findLauncher();

}  // namespace weir::taskmanager
