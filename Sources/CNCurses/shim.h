// What Swift cannot reach of ncurses and Linux by itself: macros, variadic functions, and headers Glibc leaves out.
// Wrappers only: no logic lives here.
#ifndef FLUORO_CNCURSES_SHIM_H
#define FLUORO_CNCURSES_SHIM_H

#ifndef _XOPEN_SOURCE_EXTENDED
#define _XOPEN_SOURCE_EXTENDED 1
#endif
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <wchar.h>

// Hidden by glibc unless _XOPEN_SOURCE was set before its first header; Swift has read that before us.
extern int wcwidth(wchar_t);

// Of <term.h>, whose macros (lines, columns, ...) nobody wants.
extern int setupterm(const char *type, int descriptor, int *error);

static inline WINDOW *fluoro_stdscr(void) { return stdscr; }
static inline int fluoro_colors(void) { return COLORS; }
static inline int fluoro_color_pairs(void) { return COLOR_PAIRS; }

static inline attr_t fluoro_attribute_bold(void) { return A_BOLD; }
static inline attr_t fluoro_attribute_dim(void) { return A_DIM; }
static inline attr_t fluoro_attribute_reverse(void) { return A_REVERSE; }
static inline attr_t fluoro_attribute_underline(void) { return A_UNDERLINE; }

// A cell holds one spacing character and at most CCHARW_MAX - 1 marks, ended by 0.
static inline int fluoro_put_cell(WINDOW *window, int row, int column, const wchar_t *text, attr_t attributes,
                                  short pair) {
  cchar_t cell;
  if (setcchar(&cell, text, attributes, pair, NULL) == ERR) return ERR;
  return mvwadd_wch(window, row, column, &cell);
}

// text must have room for CCHARW_MAX + 1 characters.
static inline int fluoro_get_cell(WINDOW *window, int row, int column, wchar_t *text, attr_t *attributes,
                                  short *pair) {
  cchar_t cell;
  if (mvwin_wch(window, row, column, &cell) == ERR) return ERR;
  return getcchar(&cell, text, attributes, pair, NULL);
}

static inline int fluoro_window_size(int descriptor, int *rows, int *columns) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 0;
}

static inline int fluoro_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline int fluoro_signalfd(const sigset_t *mask) { return signalfd(-1, mask, SFD_NONBLOCK | SFD_CLOEXEC); }

#endif
