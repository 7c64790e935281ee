"""What the engine calls our turns."""

from collections.abc import Sequence


class Items:
    """Items of the engine's conversation, and the turns they stand for."""

    def __init__(self) -> None:
        self._turns: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._others: list[str] = []
        """Calls of tools and what they gave back, and what was typed beside a spoken turn."""

        self.fresh: set[int] = set()
        """Turns whose items the engine made itself in this session: it knows all of them, also what was cut."""

    def add(self, name: str, turn: int, *, fresh: bool = False) -> None:
        """An item stands for a turn."""
        self._turns[name] = turn
        self._names[turn] = name
        if fresh:
            self.fresh.add(turn)

    def add_other(self, name: str) -> None:
        """An item that is no turn of anybody."""
        self._others.append(name)

    def turn(self, name: str) -> int | None:
        """Which turn an item stands for."""
        return self._turns.get(name)

    def knows(self, name: str) -> bool:
        """Whether an item is a turn of this conversation, or stands beside one."""
        return name in self._turns or name in self._others

    def name(self, turn: int) -> str | None:
        """What a turn is called."""
        return self._names.get(turn)

    def before(self, turn: int) -> str | None:
        """What the last turn before this one is called; not every turn has an item."""
        return self._names.get(max((each for each in self._names if each < turn), default=0))

    def drop(self, turn: int) -> str | None:
        """The turn has no item any more; what it was called."""
        self.fresh.discard(turn)
        name = self._names.pop(turn, None)
        if name is not None:
            self._turns.pop(name, None)
        return name

    def forget(self) -> Sequence[str]:
        """Nothing stands for anything any more; what there was."""
        names = [*self._names.values(), *self._others]
        self._turns.clear()
        self._names.clear()
        self._others.clear()
        self.fresh.clear()
        return names
