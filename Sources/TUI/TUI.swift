import CNCurses
import Operations
