/* LD_PRELOAD: notes in the file $WAGGLE_SYNCED what a process has synced, so that tests/state/lose_unsynced can take away the
 * rest after the process was killed, as a crash of the machine would. And troubles with the disk:
 *   WAGGLE_FAIL_SYNC=FILE    while FILE is there every sync fails with EIO
 *   WAGGLE_NO_SPACE=FILE     while FILE is there statvfs says that nothing is free
 *   WAGGLE_FULL_DISK=FILE    while FILE is there writing to files below a folder `state` fails with ENOSPC
 *   WAGGLE_LIE=1             syncs of logs say that all is well and do nothing: what a test of crashes has to notice
 *   WAGGLE_SYNC_MS=N         each sync takes N ms longer
 * Build: cc -shared -fPIC -O2 -o keep_synced.so keep_synced.c */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int is_on(const char *name) {
  const char *file = getenv(name);
  int kept = errno;
  int on = file && access(file, F_OK) == 0;
  errno = kept;
  return on;
}

/* The path that fd was opened with; empty where it is not known. */
static void path_of(int fd, char path[3000]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, 2999);
  path[n > 0 ? n : 0] = 0;
}

static int note(int fd, const char *which) {
  if (is_on("WAGGLE_FAIL_SYNC")) {
    errno = EIO;
    return -1;
  }
  if (getenv("WAGGLE_LIE")) {
    char path[3000];
    path_of(fd, path);
    const char *end = strrchr(path, '.');
    if (end && !strcmp(end, ".log")) return 0;
  }
  struct stat before;
  int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  const char *slow = getenv("WAGGLE_SYNC_MS");
  if (slow) usleep((useconds_t)atoi(slow) * 1000);
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, which);
  int done = real(fd);
  int kept = errno;
  const char *log = getenv("WAGGLE_SYNCED");
  if (log && known && done == 0) {
    char path[3000], line[3100];
    path_of(fd, path);
    if (*path) {
      int length = snprintf(line, sizeof line, "%lld %s\n", (long long)before.st_size, path);
      int to = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      if (to >= 0) {
        if (write(to, line, (size_t)length) < 0) abort();
        close(to);
      }
    }
  }
  errno = kept;
  return done;
}

int fdatasync(int fd) { return note(fd, "fdatasync"); }
int fsync(int fd) { return note(fd, "fsync"); }

static int is_full(int fd) {
  if (!is_on("WAGGLE_FULL_DISK")) return 0;
  char path[3000];
  path_of(fd, path);
  if (!strstr(path, "/state/")) return 0;
  errno = ENOSPC;
  return 1;
}

ssize_t write(int fd, const void *from, size_t size) {
  if (is_full(fd)) return -1;
  return ((ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(fd, from, size);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
  if (is_full(fd)) return -1;
  return ((ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(fd, from, size, at);
}

int statvfs(const char *path, struct statvfs *out) {
  int done = ((int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs"))(path, out);
  if (done == 0 && is_on("WAGGLE_NO_SPACE")) out->f_bavail = out->f_bfree = 0;
  return done;
}

int statvfs64(const char *path, struct statvfs64 *out) {
  int done = ((int (*)(const char *, struct statvfs64 *))dlsym(RTLD_NEXT, "statvfs64"))(path, out);
  if (done == 0 && is_on("WAGGLE_NO_SPACE")) out->f_bavail = out->f_bfree = 0;
  return done;
}
