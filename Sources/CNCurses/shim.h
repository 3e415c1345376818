// What Swift cannot reach of ncurses and Linux by itself: macros, and headers Glibc leaves out.
#ifndef FLUORO_CNCURSES_SHIM_H
#define FLUORO_CNCURSES_SHIM_H

#ifndef _XOPEN_SOURCE_EXTENDED
#define _XOPEN_SOURCE_EXTENDED 1
#endif
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#endif
