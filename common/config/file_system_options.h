#pragma once

#include <array>
#include <string_view>

#include "common/config/process_options.h"

/// Options of remote file systems, of the cluster: those of a job do not change them.
namespace weir::config {

/// The schemes of paths that this build reads and writes (remote::fileSystems()).
inline constexpr std::array<std::string_view, 4> kSchemes{"file", "hdfs", "s3", "webhdfs"};

inline constexpr auto kHadoopConfiguration =
    Text("fs.hdfs.hadoopconf",
         "",
         "Directory of Hadoop's core-site.xml and hdfs-site.xml, for hdfs: paths; without it "
         "$HADOOP_CONF_DIR.")
        .alias({"env.hadoop.conf.dir"});
inline constexpr auto kHdfsUser =
    Text("fs.hdfs.user",
         "",
         "Who reads and writes in HDFS, where it has no Kerberos; without it the user of the "
         "process.");

inline constexpr auto kS3Endpoint =
    Text("s3.endpoint",
         "",
         "Where s3: paths lead, as https://host or http://host:port; without it "
         "$AWS_ENDPOINT_URL_S3, else Amazon's of the region.");
inline constexpr auto kS3Region =
    Text("s3.region",
         "",
         "Region of the buckets; without it $AWS_REGION, else that of "
         "~/.aws/config, else us-east-1.")
        .alias({"s3.endpoint.region"});
inline constexpr auto kS3AccessKey =
    Text("s3.access-key",
         "",
         "Key of the object store; without it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, else "
         "those of ~/.aws/credentials. Never shown, and not of a job.")
        .alias({"s3.access.key"});
inline constexpr auto kS3SecretKey =
    Text("s3.secret-key", "", "The secret that belongs to s3.access-key. Never shown.")
        .alias({"s3.secret.key"});
inline constexpr auto kS3SessionToken =
    Text("s3.session-token", "", "Token of a temporary s3.access-key. Never shown.")
        .alias({"s3.session.token"});
inline constexpr auto kS3PathStyle =
    Boolean("s3.path.style.access",
            "false",
            "The bucket stands in the path of a URL, not in its host's name; always so where the "
            "endpoint is an address.")
        .alias({"s3.path-style-access"});

inline constexpr auto kTransferParts =
    Integer("fs.remote.connections",
            "4",
            "How many parts of one file are written or read at once. A writer holds one part more "
            "than these, of 8 mb (16 mb in HDFS), a reader as many of 4 mb; beyond that see "
            "fs.remote.memory.")
        .range(1, 64)
        .forAudience(Audience::kTuning);
inline constexpr auto kTransferMemory =
    Memory("fs.remote.memory",
           "256 mb",
           "Memory of a process, of each kind of remote file system, that its long files share "
           "for larger parts (twice as large where they are written, four times where they are "
           "read) and for parts that were read early.")
        .forAudience(Audience::kTuning);
inline constexpr auto kTransferConnectTimeout =
    Time("fs.remote.connect-timeout", "5 s", "How long a server may take to accept a connection.")
        .range(1)
        .forAudience(Audience::kTuning);
inline constexpr auto kTransferIdleTimeout =
    Time("fs.remote.idle-timeout",
         "15 s",
         "How long nothing may move on a connection before its request is tried again; less than "
         "jobmanager.files.timeout.")
        .range(1000)
        .forAudience(Audience::kTuning);
inline constexpr auto kTransferRetries =
    Time("fs.remote.retry-time",
         "60 s",
         "For how long a request is repeated that a server did not answer, or could not serve for "
         "now; pauses grow from 100 ms to 5 s.")
        .range(0)
        .forAudience(Audience::kTuning);

}  // namespace weir::config
