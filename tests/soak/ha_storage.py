"""Where the soak of high availability keeps what is large: HDFS, S3, or a directory; and what it finds there."""

import services


class Hdfs:
    nodes = ("namenode", "datanode")  # What can be killed and frozen.

    def __init__(self, test):
        self.hdfs = services.Hdfs(test)
        self.root = self.hdfs.address
        self.settings = {"fs.hdfs.hadoopconf": self.hdfs.conf}

    def only(self, action, node):
        self.hdfs.only(action, node)

    def files(self, name):
        return self.hdfs.files(f"/{name}")

    def texts(self, name):
        return {path: self.hdfs.ask(path, "OPEN").decode() for path in self.files(name)}


class S3:
    nodes = ("server",)

    def __init__(self, test):
        self.s3 = services.S3(test)
        self.root = self.s3.BUCKET
        self.settings = {
            "s3.endpoint": self.s3.endpoint, "s3.access-key": self.s3.KEY, "s3.secret-key": self.s3.SECRET,
        }

    def only(self, action, _):
        self.s3.run(action)

    def files(self, name):
        return self.s3.files(name)

    def texts(self, name):
        return {str(path): path.read_text() for path in self.s3.paths(name)}


class Directory:
    """Of this machine, for runs in which only processes of the cluster and ZooKeeper are to fail."""

    nodes = ()

    def __init__(self, folder):
        self.folder = folder
        self.root = f"file:{folder}"
        self.settings = {}

    def files(self, name):
        return [str(path) for path in (self.folder / name).rglob("*") if path.is_file()]

    def texts(self, name):
        return {path: open(path).read() for path in self.files(name)}
