#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

/// Where a snapshot lies, and every name in it. All of it is spelling: nothing is looked at.
///
///     <directory of checkpoints>/<job id>/
///         in-use-<job id>                          the job lives and keeps its checkpoints here
///         chk-<id>/                                a checkpoint, or the state of a savepoint
///             metadata
///             <vertex>-<subtask>-<attempt>-<random>  state of one subtask
///             in-use-<job id>                      that job would recover from this
///         shared/                                  what several of these checkpoints need
///             <vertex>-<subtask>-<attempt>-<checkpoint>-<random>  a table of one subtask
///     <directory of savepoints>/savepoint-<12 hex digits>/
///         metadata                                 names the directory of the state
///         state-<n>                                state that lay on the job manager
///         program/                                 what discards its state handles
///         label, label-<n>                         what its owner says of it; the highest holds
///         in-use-<job id>
///     .<name>.<8 hex digits>.export/               a directory <name> that is being exported
///     jobmanager://savepoints/<n>                  a savepoint in the job manager's memory
///
/// `.disposed-metadata` takes the place of `metadata` while a snapshot is being disposed;
/// `.discarded-handles` stands beside it once its state handles are discarded.
/// Directories are paths or URIs.
namespace weir::snapshot {

inline constexpr std::string_view kMetadata = "metadata";
inline constexpr std::string_view kDisposedMetadata = ".disposed-metadata";
inline constexpr std::string_view kDiscardedHandles = ".discarded-handles";
inline constexpr std::string_view kProgram = "program";
inline constexpr std::string_view kHeapSavepoints = "jobmanager://savepoints/";

// ---------------------------------------------------------------------------- directories, paths

/// `<directory of the job>/chk-<id>`.
std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint);
/// Whether `directory` is named like one: `.../<32 hex digits>/chk-<number>`.
bool isCheckpointDirectory(std::string_view directory);
/// Whether it is named like that of this checkpoint of this job.
bool isCheckpointDirectory(std::string_view directory, JobId job, CheckpointId checkpoint);

/// `shared`, beside the directory of a checkpoint.
std::string sharedDirectory(std::string_view checkpoint_directory);
std::string sharedDirectoryOfJob(std::string_view job_directory);

/// `savepoint-<random>`.
std::string savepointName(std::string_view random);
bool isSavepointName(std::string_view name);
/// Whether the path is one of a savepoint in the memory of a job manager.
bool isHeapSavepoint(std::string_view path);
/// The directory that a user means by a path, as a URI: also when it ends with a slash or names
/// the metadata in it.
Result<std::string> savepointDirectory(const std::string& path);

/// `.<name>.<random>.export`; `random` is eight hex digits.
std::string exportName(std::string_view name, std::string_view random);
bool isExportName(std::string_view name);

// --------------------------------------------------------------------------------- names of files

/// `label` for 0, else `label-<number>`.
std::string labelName(std::uint64_t number);
/// The number of a label's file; nothing when it is none.
std::optional<std::uint64_t> labelNumber(std::string_view name);
/// Whether a file of this name in the directory of a snapshot is its metadata.
bool isMetadata(std::string_view name);

/// `<vertex>-<subtask>-<attempt>-<random>`; `random` is eight hex digits.
std::string taskFileName(OperatorId vertex,
                         std::uint32_t subtask,
                         std::uint64_t attempt,
                         std::string_view random);
/// Whether a worker names files of state like that.
bool isTaskFile(std::string_view name);
/// `<vertex>-<subtask>-<attempt>-<checkpoint>-<random>`: of the checkpoint that stored it first.
std::string sharedFileName(OperatorId vertex,
                           std::uint32_t subtask,
                           std::uint64_t attempt,
                           CheckpointId checkpoint,
                           std::string_view random);
/// The checkpoint in the name of a shared file; nothing when it is none.
std::optional<CheckpointId> sharedSince(std::string_view name);
/// `state-<number>`: state that a savepoint has of its own.
std::string ownStateName(std::uint64_t number);
bool isOwnState(std::string_view name);
/// Whether a snapshot may have a file of state of this name: one component that stays in its
/// directory, that no system takes for anything else, and that is none of a snapshot's own names.
bool isStateFileName(std::string_view name);

/// `in-use-<job id>`.
std::string markName(JobId job);
/// Whose mark a file of this name is; nothing when it is none.
std::optional<JobId> markedJob(std::string_view name);

}  // namespace weir::snapshot
