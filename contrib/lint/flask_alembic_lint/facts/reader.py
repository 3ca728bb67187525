"""A cursor over the words of one SQL statement."""

from __future__ import annotations

from .tokens import Word

END = Word("", "sign", -1, -1)


class Reader:
    """Reads the words of a statement from left to right.

    :param text: The statement's text, whose words count from the first one.
    :param words: Its words.
    """

    def __init__(self, text: str, words: list[Word]) -> None:
        self.text = text
        self.words = words
        self.at = 0
        self._origin = words[0].start if words else 0

    @property
    def done(self) -> bool:
        """Whether all words were read."""
        return self.at >= len(self.words)

    def peek(self, ahead: int = 0) -> Word:
        """Return a word without reading it.

        :param ahead: How many words to look ahead.
        """
        index = self.at + ahead
        return self.words[index] if index < len(self.words) else END

    def take(self) -> Word:
        """Read a word."""
        word = self.peek()
        self.at += 1
        return word

    def sees(self, *keywords: str) -> bool:
        """Return whether these words come next."""
        return all(self.peek(i).upper == word for i, word in enumerate(keywords))

    def accept(self, *keywords: str) -> bool:
        """Read these words if they come next."""
        if self.sees(*keywords):
            self.at += len(keywords)
            return True
        return False

    def accept_any(self, *keywords: str) -> str:
        """Read one of these words if it comes next, and return it."""
        if self.peek().upper in keywords:
            return self.take().upper
        return ""

    def if_exists(self) -> bool:
        """Read ``IF EXISTS`` or ``IF NOT EXISTS`` if it comes next."""
        return self.accept("IF", "NOT", "EXISTS") or self.accept("IF", "EXISTS")

    def name(self) -> str:
        """Read a name with its dots, without its quotes."""
        parts = [self.take().text]
        while self.accept("."):
            parts.append(self.take().text)
        return ".".join(parts)

    def names(self) -> tuple[str, ...]:
        """Read a parenthesised list and return the first word of each part."""
        return tuple(part[0].text for part in self.parts(self.parenthesised()) if part)

    def parenthesised(self) -> list[Word]:
        """Read from a parenthesis to its partner; return what is between."""
        if not self.accept("("):
            return []
        start, depth = self.at, 1
        while not self.done and depth:
            sign = self.take().upper
            depth += (sign == "(") - (sign == ")")
        return self.words[start : self.at - (1 if depth == 0 else 0)]

    @staticmethod
    def parts(words: list[Word]) -> list[list[Word]]:
        """Cut words at the commas that are in no parenthesis."""
        found: list[list[Word]] = [[]]
        depth = 0
        for word in words:
            depth += (word.upper == "(") - (word.upper == ")")
            if word.upper == "," and depth == 0:
                found.append([])
            else:
                found[-1].append(word)
        return [part for part in found if part]

    def source(self, words: list[Word]) -> str:
        """Return the text that some adjacent words were cut from."""
        if not words:
            return ""
        start, end = words[0].start - self._origin, words[-1].end - self._origin
        return self.text[start:end]

    def until(self, *keywords: str) -> list[Word]:
        """Read up to one of these words, not into parentheses."""
        start, depth = self.at, 0
        while not self.done:
            upper = self.peek().upper
            if depth == 0 and upper in keywords:
                break
            depth += (upper == "(") - (upper == ")")
            self.at += 1
        return self.words[start : self.at]

    def has(self, *keywords: str) -> bool:
        """Return whether these words stand in a row anywhere ahead."""
        return any(
            all(self.peek(i + j).upper == word for j, word in enumerate(keywords))
            for i in range(len(self.words) - self.at)
        )

    def sub(self, words: list[Word]) -> Reader:
        """Return a reader over some adjacent words of this statement."""
        reader = Reader(self.text, words)
        reader._origin = self._origin
        return reader
