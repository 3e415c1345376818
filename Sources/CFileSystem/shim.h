// Calls that Swift's Glibc module does not show, since its headers are read without _GNU_SOURCE.
// Wrappers only: no logic lives here.
#ifndef FLUORO_CFILESYSTEM_SHIM_H
#define FLUORO_CFILESYSTEM_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/uio.h>

extern long syscall(long number, ...);

/// syncfs(2): writes everything of the file system on which `descriptor` is open. 0, or -1 with `errno`.
extern int syncfs(int descriptor);

static const int fluoro_O_DIRECT = __O_DIRECT;

/// Opens a new file without a name in a folder, which is gone with its last descriptor: O_TMPFILE. -1 with `errno` where the
/// file system has no such files, or a name could not be given later.
static inline int fluoro_open_unnamed(const char *folder, mode_t mode) {
  if (faccessat(AT_FDCWD, "/proc/self/fd", X_OK, 0) != 0) return -1;
  return open(folder, O_RDWR | O_CLOEXEC | __O_TMPFILE, mode);
}

/// Gives such a file its first name, which must be new.
static inline int fluoro_name(int descriptor, const char *path) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor);
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/// Gives a file another name, which must be new: RENAME_NOREPLACE.
static inline int fluoro_rename_new(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u);
}

/// Begins to write a file's bytes to the disk, and does not wait: SYNC_FILE_RANGE_WRITE.
static inline int fluoro_begin_writeback(int descriptor) {
  return (int)syscall(SYS_sync_file_range, descriptor, 0L, 0L, 2u);
}

/// Finds room on the disk for bytes that are to be written, the file's size stays: FALLOC_FL_KEEP_SIZE. 0, or -1 with `errno`.
static inline int fluoro_reserve(int descriptor, long offset, size_t count) {
  return (int)syscall(SYS_fallocate, descriptor, 1L, offset, (long)count);
}

/// Writes at an offset through the system's cache, which begins to write it to the disk at once and keeps nothing of it:
/// RWF_DONTCACHE (Linux 6.14). The count, or -1 with `errno`, EOPNOTSUPP where the system or the file system cannot.
static inline long fluoro_write_passing(int descriptor, const void *bytes, size_t count, long offset) {
  struct iovec part = {(void *)bytes, count};
  return syscall(SYS_pwritev2, descriptor, &part, 1L, offset, 0L, 0x80);
}
#else
static const int fluoro_O_DIRECT = 0;
static inline int fluoro_open_unnamed(const char *folder, mode_t mode) {
  errno = EOPNOTSUPP;
  return -1;
}
static inline int fluoro_name(int descriptor, const char *path) {
  errno = EOPNOTSUPP;
  return -1;
}
static inline int fluoro_rename_new(const char *from, const char *to) { return renamex_np(from, to, RENAME_EXCL); }
static inline int fluoro_begin_writeback(int descriptor) { return 0; }
static inline int fluoro_reserve(int descriptor, long offset, size_t count) { return 0; }
static inline long fluoro_write_passing(int descriptor, const void *bytes, size_t count, long offset) {
  errno = EOPNOTSUPP;
  return -1;
}
#endif

#endif
