"""The numbers of Mini's world, in words."""

HIGHEST = 100
"""The largest number of Mini's world."""

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def number(n: int) -> str:
    """A number from 0 to 100 in words.

    Raises:
        ValueError: the number is outside Mini's world.
    """
    if not 0 <= n <= HIGHEST:
        raise ValueError(f"Mini counts from 0 to {HIGHEST}, not to {n}.")
    if n == HIGHEST:
        return "one hundred"
    if n < len(_ONES):
        return _ONES[n]
    return _TENS[n // 10 - 2] + (f"-{_ONES[n % 10]}" if n % 10 else "")


NUMBERS = tuple(number(n) for n in range(HIGHEST + 1))
"""Zero to one hundred, in order."""
