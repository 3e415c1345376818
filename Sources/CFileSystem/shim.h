// Calls of Linux that Swift's Glibc module does not show, since its headers are read without _GNU_SOURCE.
#if defined(__linux__)
/// syncfs(2): writes everything of the file system on which `descriptor` is open. 0, or -1 with `errno`.
extern int syncfs(int descriptor);
#endif
