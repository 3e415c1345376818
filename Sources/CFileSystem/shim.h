// Calls that Swift's Glibc module does not show, since its headers are read without _GNU_SOURCE.
// Wrappers only: no logic lives here.
#ifndef FLUORO_CFILESYSTEM_SHIM_H
#define FLUORO_CFILESYSTEM_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#ifdef __linux__
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/uio.h>

extern long syscall(long number, ...);

/// syncfs(2): writes everything of the file system on which `descriptor` is open. 0, or -1 with `errno`.
extern int syncfs(int descriptor);

static const int fluoro_O_DIRECT = __O_DIRECT;

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
static inline int fluoro_rename_new(const char *from, const char *to) { return renamex_np(from, to, RENAME_EXCL); }
static inline int fluoro_begin_writeback(int descriptor) { return 0; }
static inline int fluoro_reserve(int descriptor, long offset, size_t count) { return 0; }
static inline long fluoro_write_passing(int descriptor, const void *bytes, size_t count, long offset) {
  errno = EOPNOTSUPP;
  return -1;
}
#endif

#endif
