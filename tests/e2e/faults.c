/* Faults of the file system and of the clock, for processes of tests: to be loaded with LD_PRELOAD,
 * and switched while they run.
 *
 * WEIR_FAULTS names a file with one fault a line, which is read again every few milliseconds.
 *
 * fsync-millis N: every fsync and fdatasync takes so much longer; the delay ends when the line
 * goes.
 *
 * full PREFIX: files whose path begins so cannot be written to, as no space is left on the device.
 *
 * hang PREFIX: listing a directory whose path begins so does not return until the line goes, as of
 * a file server that does not answer.
 *
 * clock-shift S: the time of day is S seconds ahead (negative: behind), also for whoever waits
 * until a time of day. The clocks that only run are right, and files are dated rightly.
 *
 * No file: no fault. Processes that are spawned inherit the faults, also where they get an
 * environment of their own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kPrefixes = 8, kPathBytes = 1024, kRefreshMillis = 10, kSliceMillis = 5 };
enum { kClockSliceMillis = 50, kYearsOfSeconds = 1000000000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* Of the next two. */
static char prefixes[kPrefixes][kPathBytes];
static int prefix_count = 0;
static char hanging[kPathBytes]; /* Also of the mutex. */
static atomic_long fsync_millis;
static atomic_long clock_shift; /* Seconds. */
static atomic_bool any_full;
static atomic_long read_at;

/* Of the library behind this one; the clock is asked before anything else is ready. */
static int realTime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) {
    *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
  }
  return real(clock, now);
}

static long nowMillis(void) {
  struct timespec now;
  realTime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void parse(char* text) {
  long millis = 0;
  long shift = 0;
  char* rest = NULL;
  pthread_mutex_lock(&mutex);
  prefix_count = 0;
  hanging[0] = '\0';
  for (char* line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    if (strncmp(line, "fsync-millis ", 13) == 0) {
      millis = atol(line + 13);
    } else if (strncmp(line, "clock-shift ", 12) == 0) {
      shift = atol(line + 12);
    } else if (strncmp(line, "hang ", 5) == 0) {
      snprintf(hanging, kPathBytes, "%s", line + 5);
    } else if (strncmp(line, "full ", 5) == 0 && prefix_count < kPrefixes) {
      snprintf(prefixes[prefix_count++], kPathBytes, "%s", line + 5);
    }
  }
  atomic_store(&any_full, prefix_count > 0);
  pthread_mutex_unlock(&mutex);
  atomic_store(&fsync_millis, millis);
  atomic_store(&clock_shift, shift);
}

/* A system call, of the library behind this one. */
static long call(long number, long a, long b, long c, long d, long e, long f) {
  static long (*real)(long, ...);
  if (real == NULL) {
    *(void**)&real = dlsym(RTLD_NEXT, "syscall");
  }
  return real(number, a, b, c, d, e, f);
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
  const int fd = path == NULL
                     ? -1
                     : (int)call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (fd >= 0) {
    const long got = call(SYS_read, fd, (long)text, sizeof text - 1, 0, 0, 0);
    text[got > 0 ? got : 0] = '\0';
    call(SYS_close, fd, 0, 0, 0, 0, 0);
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

static int hangs(const char* path) {
  refresh();
  pthread_mutex_lock(&mutex);
  const int found = hanging[0] != '\0' && strncmp(path, hanging, strlen(hanging)) == 0;
  pthread_mutex_unlock(&mutex);
  return found;
}

DIR* opendir(const char* path) {
  while (hangs(path)) {
    const struct timespec slice = {0, kSliceMillis * 1000000L};
    nanosleep(&slice, NULL);
  }
  REAL(DIR*, opendir, (const char*), path);
}

/* ---- the time of day */

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int status = realTime(clock, now);
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    refresh();
    now->tv_sec += atomic_load(&clock_shift);
  }
  return status;
}

int gettimeofday(struct timeval* now, void* zone) {
  struct timespec precise;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != NULL) {
    *now = precise.tv_sec;
  }
  return precise.tv_sec;
}

/* A wait until a time of day ends when that is reached, also by a jump, as the kernel has it: so it
 * is cut into slices, each of which ends as a wait may at any time. The slice that ends at `until`
 * ends it. */
static struct timespec slice(const struct timespec* until, int* last) {
  struct timespec end;
  realTime(CLOCK_REALTIME, &end);
  end.tv_nsec += kClockSliceMillis * 1000000L;
  end.tv_sec += end.tv_nsec / 1000000000L;
  end.tv_nsec %= 1000000000L;
  refresh();
  struct timespec due = *until;
  due.tv_sec -= atomic_load(&clock_shift);
  *last = due.tv_sec < end.tv_sec || (due.tv_sec == end.tv_sec && due.tv_nsec <= end.tv_nsec);
  if (*last && due.tv_sec < 0) {
    due.tv_sec = due.tv_nsec = 0;
  }
  return *last ? due : end;
}

/* Whoever waits by a clock that only runs gives a time since the machine started. */
static int isTimeOfDay(const struct timespec* until) { return until->tv_sec > kYearsOfSeconds; }

int pthread_cond_timedwait(pthread_cond_t* condition,
                           pthread_mutex_t* held,
                           const struct timespec* until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);
  if (real == NULL) {
    *(void**)&real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  }
  if (!isTimeOfDay(until)) {
    return real(condition, held, until);
  }
  int last = 0;
  const struct timespec end = slice(until, &last);
  const int status = real(condition, held, &end);
  return status == ETIMEDOUT && !last ? 0 : status;
}

int pthread_cond_clockwait(pthread_cond_t* condition,
                           pthread_mutex_t* held,
                           clockid_t clock,
                           const struct timespec* until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  if (real == NULL) {
    *(void**)&real = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  }
  if (clock != CLOCK_REALTIME) {
    return real(condition, held, clock, until);
  }
  int last = 0;
  const struct timespec end = slice(until, &last);
  const int status = real(condition, held, clock, &end);
  return status == ETIMEDOUT && !last ? 0 : status;
}

/* Abseil, and so gRPC, waits by futexes until a time of day. */
long syscall(long number, ...) {
  va_list arguments;
  long all[6];
  va_start(arguments, number);
  for (int i = 0; i < 6; ++i) {
    all[i] = va_arg(arguments, long);
  }
  va_end(arguments);
  const struct timespec* const until = (const struct timespec*)all[3];
  if (number != SYS_futex || (all[1] & FUTEX_CLOCK_REALTIME) == 0 || until == NULL) {
    return call(number, all[0], all[1], all[2], all[3], all[4], all[5]);
  }
  int last = 0;
  const struct timespec end = slice(until, &last);
  const long status = call(number, all[0], all[1], all[2], (long)&end, all[4], all[5]);
  if (status != 0 && errno == ETIMEDOUT && !last) {
    errno = EINTR;
  }
  return status;
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
