"""What a terminal shows of the bytes it has read: as much of an xterm as curses needs for one."""

import re

SEQUENCE = re.compile(
    rb"\x1b(?:\[([0-9;?]*)([A-Za-z@])|\][^\x07\x1b]*\x07|[()].|[=>78cM])|[\x00-\x1a\x1c-\x1f]|[^\x00-\x1f\x1b]+")


class Screen:
    def __init__(self, rows=40, columns=120):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        # The rows that scroll.
        self.top, self.bottom = 0, rows - 1
        self.last = " "
        self.rest = b""

    def feed(self, data):
        data = self.rest + data
        end = self.complete(data)
        self.rest = data[end:]
        for match in SEQUENCE.finditer(data[:end]):
            text = match[0]
            if match[2]:
                self.control(match[1].decode(), chr(match[2][0]))
            elif text == b"\x1bM":
                self.down() if self.row == self.top else self.control("", "A")
            elif text[0] == 0x1b:
                pass
            elif text[0] >= 0x20:
                self.write(text.decode(errors="replace"))
            elif text == b"\r":
                self.column = 0
            elif text == b"\n":
                self.up() if self.row == self.bottom else self.control("", "B")
            elif text == b"\b":
                self.column = max(0, self.column - 1)

    @staticmethod
    def complete(data):
        """Where the last sequence or character that has not ended begins."""
        escape = data.rfind(b"\x1b")
        if escape >= 0 and not SEQUENCE.match(data, escape):
            return escape
        for back in range(1, min(4, len(data)) + 1):
            lead = data[-back]
            if lead >= 0xC0:
                return len(data) - back if back < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) else len(data)
            if lead < 0x80:
                break
        return len(data)

    def up(self, top=None):
        """The rows from one on, or all that scroll, go up by one."""
        del self.cells[self.top if top is None else top]
        self.cells.insert(self.bottom, [" "] * self.columns)

    def down(self, top=None):
        del self.cells[self.bottom]
        self.cells.insert(self.top if top is None else top, [" "] * self.columns)

    def write(self, text):
        for character in text:
            if self.column >= self.columns:
                self.row, self.column = min(self.rows - 1, self.row + 1), 0
            self.cells[self.row][self.column] = character
            self.column += 1
            self.last = character

    def control(self, parameters, final):
        if parameters.startswith("?"):
            return
        numbers = [int(number or 0) for number in parameters.split(";")]
        first = numbers[0] or 1
        if final == "H":
            self.row, self.column = first - 1, (numbers[1] or 1) - 1 if len(numbers) > 1 else 0
        elif final == "A":
            self.row -= first
        elif final == "B":
            self.row += first
        elif final == "C":
            self.column += first
        elif final == "D":
            self.column -= first
        elif final == "G":
            self.column = first - 1
        elif final == "d":
            self.row = first - 1
        elif final == "K":
            start, stop = [(self.column, self.columns), (0, self.column + 1), (0, self.columns)][numbers[0]]
            self.cells[self.row][start:stop] = [" "] * (min(stop, self.columns) - start)
        elif final == "J":
            above = 0 if numbers[0] == 2 else self.row + 1
            for row in range(above, self.rows):
                self.cells[row] = [" "] * self.columns
            if numbers[0] == 0:
                self.control("0", "K")
        elif final == "X":
            self.cells[self.row][self.column:self.column + first] = [" "] * min(first, self.columns - self.column)
        elif final == "P":
            line = self.cells[self.row]
            self.cells[self.row] = (line[:self.column] + line[self.column + first:] + [" "] * first)[:self.columns]
        elif final == "@":
            line = self.cells[self.row]
            self.cells[self.row] = (line[:self.column] + [" "] * first + line[self.column:])[:self.columns]
        elif final == "b":
            self.write(self.last * first)
        elif final == "r":
            self.top = first - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.row = self.column = 0
        elif final in "ST":
            for _ in range(first):
                self.up() if final == "S" else self.down()
        elif final in "LM" and self.top <= self.row <= self.bottom:
            for _ in range(first):
                self.up(self.row) if final == "M" else self.down(self.row)
        self.row = max(0, min(self.rows - 1, self.row))
        self.column = max(0, min(self.columns, self.column))

    def selected(self, pattern):
        """The first group of a pattern in the row under the cursor, behind its mark."""
        for line in self.lines:
            if line.startswith("›"):
                found = re.search(pattern, line[1:])
                return found[1] if found else None
        return None

    @property
    def lines(self):
        return ["".join(line).rstrip() for line in self.cells]
