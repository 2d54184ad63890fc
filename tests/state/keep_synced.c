/* LD_PRELOAD: notes in the file $WAGGLE_SYNCED what a process has synced, so that tests/state/lose_unsynced can take away the
 * rest after the process was killed, as a crash of the machine would. With $WAGGLE_FAIL_SYNC naming a file that is there,
 * every sync fails with EIO.
 * Build: cc -shared -fPIC -O2 -o keep_synced.so keep_synced.c */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int note(int fd, const char *which) {
  const char *fails = getenv("WAGGLE_FAIL_SYNC");
  if (fails && access(fails, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  struct stat before;
  int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, which);
  int done = real(fd);
  int kept = errno;
  const char *log = getenv("WAGGLE_SYNCED");
  if (log && known && done == 0) {
    char link[64], path[3000], line[3100];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n > 0) {
      path[n] = 0;
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
