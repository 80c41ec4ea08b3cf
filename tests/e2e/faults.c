/* Faults of the file system, for processes of tests: to be loaded with LD_PRELOAD, and switched
 * while they run.
 *
 * WEIR_FAULTS names a file with one fault a line, which is read again every few milliseconds:
 *   fsync-millis N   every fsync and fdatasync takes so much longer; the delay ends when the line
 * goes full PREFIX      files whose path begins so cannot be written to: no space is left on the
 * device No file: no fault. Processes that are spawned inherit the faults, also where they get an
 * environment of their own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kPrefixes = 8, kPathBytes = 1024, kRefreshMillis = 10, kSliceMillis = 5 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* Of the next two. */
static char prefixes[kPrefixes][kPathBytes];
static int prefix_count = 0;
static atomic_long fsync_millis;
static atomic_bool any_full;
static atomic_long read_at;

static long nowMillis(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void parse(char* text) {
  long millis = 0;
  char* rest = NULL;
  pthread_mutex_lock(&mutex);
  prefix_count = 0;
  for (char* line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    if (strncmp(line, "fsync-millis ", 13) == 0) {
      millis = atol(line + 13);
    } else if (strncmp(line, "full ", 5) == 0 && prefix_count < kPrefixes) {
      snprintf(prefixes[prefix_count++], kPathBytes, "%s", line + 5);
    }
  }
  atomic_store(&any_full, prefix_count > 0);
  pthread_mutex_unlock(&mutex);
  atomic_store(&fsync_millis, millis);
}

static void refresh(void) {
  long last = atomic_load(&read_at);
  const long now = nowMillis();
  if ((last != 0 && now - last < kRefreshMillis) ||
      !atomic_compare_exchange_strong(&read_at, &last, now)) {
    return;
  }
  const int kept = errno;
  const char* path = getenv("WEIR_FAULTS");
  char text[4096] = "";
  const int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    const long got = syscall(SYS_read, fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    syscall(SYS_close, fd);
  }
  parse(text);
  errno = kept;
}

/* Whether nothing can be written to this descriptor now. */
static int isFull(int fd) {
  refresh();
  if (!atomic_load(&any_full)) {
    return 0;
  }
  const int kept = errno;
  char link[64];
  char path[kPathBytes];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  int full = 0;
  if (length > 0 && path[0] == '/') {
    path[length] = '\0';
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < prefix_count && !full; ++i) {
      full = strncmp(path, prefixes[i], strlen(prefixes[i])) == 0;
    }
    pthread_mutex_unlock(&mutex);
  }
  errno = full ? ENOSPC : kept;
  return full;
}

static void delay(void) {
  const long begin = nowMillis();
  for (refresh(); nowMillis() - begin < atomic_load(&fsync_millis); refresh()) {
    const struct timespec slice = {0, kSliceMillis * 1000000L};
    nanosleep(&slice, NULL);
  }
}

#define REAL(type, name, parameters, ...)               \
  static type(*real) parameters;                        \
  if (real == NULL) {                                   \
    real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
  }                                                     \
  return real(__VA_ARGS__)

int fsync(int fd) {
  delay();
  if (isFull(fd)) {
    return -1;
  }
  REAL(int, fsync, (int), fd);
}

int fdatasync(int fd) {
  delay();
  if (isFull(fd)) {
    return -1;
  }
  REAL(int, fdatasync, (int), fd);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  if (isFull(fd)) {
    return -1;
  }
  REAL(ssize_t, write, (int, const void*, size_t), fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (isFull(fd)) {
    return -1;
  }
  REAL(ssize_t, pwrite, (int, const void*, size_t, off_t), fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  if (isFull(fd)) {
    return -1;
  }
  REAL(ssize_t, pwrite64, (int, const void*, size_t, off64_t), fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec* pieces, int count) {
  if (isFull(fd)) {
    return -1;
  }
  REAL(ssize_t, writev, (int, const struct iovec*, int), fd, pieces, count);
}

/* Hands the faults on to a process that is not given our environment. */
int posix_spawn(pid_t* pid,
                const char* path,
                const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes,
                char* const arguments[],
                char* const environment[]) {
  static int (*real)(pid_t*,
                     const char*,
                     const posix_spawn_file_actions_t*,
                     const posix_spawnattr_t*,
                     char* const[],
                     char* const[]);
  if (real == NULL) {
    *(void**)&real = dlsym(RTLD_NEXT, "posix_spawn");
  }
  size_t count = 0;
  while (environment != NULL && environment[count] != NULL) {
    ++count;
  }
  const char* preload = getenv("LD_PRELOAD");
  const char* faults = getenv("WEIR_FAULTS");
  char** extended = calloc(count + 3, sizeof *extended);
  char texts[2][kPathBytes];
  if (extended == NULL || preload == NULL || faults == NULL) {
    free(extended);
    return real(pid, path, actions, attributes, arguments, environment);
  }
  snprintf(texts[0], kPathBytes, "LD_PRELOAD=%s", preload);
  snprintf(texts[1], kPathBytes, "WEIR_FAULTS=%s", faults);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    if (strncmp(environment[i], "LD_PRELOAD=", 11) != 0 &&
        strncmp(environment[i], "WEIR_FAULTS=", 12) != 0) {
      extended[at++] = environment[i];
    }
  }
  extended[at++] = texts[0];
  extended[at] = texts[1];
  const int status = real(pid, path, actions, attributes, arguments, extended);
  free(extended);
  return status;
}
