/* Preloaded into a program: makes the file system below the folder DISK, or the database DISK with its logs, answer as one that is full while DISK.full exists, and
   as one that is mounted read-only while DISK.readonly does. For where a test may not mount one that is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_so(const char *suffix) {
  char flag[4096];
  const char *disk = getenv("DISK");
  if (!disk || snprintf(flag, sizeof flag, "%s.%s", disk, suffix) >= (int)sizeof flag) return 0;
  struct stat information;
  return stat(flag, &information) == 0;
}

static int is_below(const char *path) {
  const char *disk = getenv("DISK");
  if (!disk || strncmp(path, disk, strlen(disk)) != 0) return 0;
  char next = path[strlen(disk)];
  return next == '/' || next == '-' || next == 0;
}

static int refuses(int file) {
  char link[64], path[4096];
  if (!is_so("full")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

#define WRITER(result, name, parameters, arguments)                \
  result name parameters {                                         \
    if (!refuses(file)) return REAL(name) arguments;               \
    errno = ENOSPC;                                                \
    return -1;                                                     \
  }

WRITER(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
WRITER(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
WRITER(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
WRITER(ssize_t, writev, (int file, const struct iovec *pieces, int count), (file, pieces, count))
WRITER(ssize_t, pwritev, (int file, const struct iovec *pieces, int count, off_t at), (file, pieces, count, at))
WRITER(int, fallocate, (int file, int mode, off_t at, off_t length), (file, mode, at, length))
WRITER(int, fallocate64, (int file, int mode, off64_t at, off64_t length), (file, mode, at, length))

static int refuses_opening(const char *path, int flags) {
  return is_below(path) && ((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT) && is_so("readonly");
}

#define OPENER(name, parameters, arguments)                        \
  int name parameters {                                            \
    mode_t mode = 0;                                               \
    if (flags & O_CREAT) {                                         \
      va_list rest;                                                \
      va_start(rest, flags);                                       \
      mode = va_arg(rest, mode_t);                                 \
      va_end(rest);                                                \
    }                                                              \
    if (!refuses_opening(path, flags)) return REAL(name) arguments; \
    errno = EROFS;                                                 \
    return -1;                                                     \
  }

OPENER(open, (const char *path, int flags, ...), (path, flags, mode))
OPENER(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENER(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

#define CHANGER(name, parameters, path, arguments)                 \
  int name parameters {                                            \
    if (!is_below(path) || !is_so("readonly")) return REAL(name) arguments; \
    errno = EROFS;                                                 \
    return -1;                                                     \
  }

CHANGER(mkdir, (const char *path, mode_t mode), path, (path, mode))
CHANGER(unlink, (const char *path), path, (path))
CHANGER(rmdir, (const char *path), path, (path))
CHANGER(rename, (const char *from, const char *to), from, (from, to))

int access(const char *path, int mode) {
  if (!(mode & W_OK) || !is_below(path) || !is_so("readonly")) return REAL(access)(path, mode);
  errno = EROFS;
  return -1;
}
