#pragma once

#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"
#include "jobmanager/blob/blob_store.h"

/// The program that a file savepoint keeps because only it can discard the savepoint's state
/// handles; common/wire/metadata_format.md has the layout. All functions block: call them through
/// FileWork only.
namespace weir::jobmanager {

/// Writes `<directory>/program` with all files of the program, which are in `blobs`.
Status writeProgram(fs::FileSystem& files,
                    blob::BlobStore& blobs,
                    const std::string& directory,
                    const runtime::JobProgram& program);
/// Puts the files of the program into `blobs`. kNotFound when none is stored there; kCorruption
/// when a file is not the one that was stored.
Result<runtime::JobProgram> readProgram(fs::FileSystem& files,
                                        blob::BlobStore& blobs,
                                        const std::string& directory);
/// Removes the files that the description names, then the description; ok when there is nothing.
/// kFailedPrecondition, naming the directory, when there is more in it or no description is.
Status removeProgram(fs::FileSystem& files, const std::string& directory);
/// Removes what a writeProgram() that failed may have written.
Status removeUnfinishedProgram(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::jobmanager
