// Calls that Swift's Glibc module does not show, since its headers are read without _GNU_SOURCE.
// Wrappers only: no logic lives here.
#ifndef FLUORO_CFILESYSTEM_SHIM_H
#define FLUORO_CFILESYSTEM_SHIM_H

#include <fcntl.h>
#include <stdio.h>

#ifdef __linux__
#include <sys/inotify.h>
#include <sys/syscall.h>

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
#else
static const int fluoro_O_DIRECT = 0;
static inline int fluoro_rename_new(const char *from, const char *to) { return renamex_np(from, to, RENAME_EXCL); }
static inline int fluoro_begin_writeback(int descriptor) { return 0; }
#endif

#endif
