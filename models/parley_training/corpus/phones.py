"""One inventory of English phones for every synthesizer: the 39 of ARPABET, schwa and silence."""

SILENCE = "pau"
PHONES: tuple[str, ...] = (
    SILENCE, "aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh",
    "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh",
)  # fmt: skip
NUMBER: dict[str, int] = {phone: number for number, phone in enumerate(PHONES)}
FOREIGN, FOREIGN_MARK = 128, "!"
"""Added to the number, and put before the name, of a phone that a voice lacks and says as another language would: ears don't learn it."""


def label(phone: str) -> int:
    """The number of a phone, and whether it is marked as foreign."""
    return FOREIGN + NUMBER[phone[1:]] if phone.startswith(FOREIGN_MARK) else NUMBER[phone]


# espeak-ng's English mnemonics, all accents. A pair is a vowel with its r, written as one mnemonic.
_ESPEAK: dict[str, str] = {
    "p": "p", "b": "b", "t": "t", "t#": "t", "t[": "t", "?": "t", "d": "d", "d#": "d", "d[": "d", "k": "k", "g": "g", "x": "k",
    "tS": "ch", "dZ": "jh", "f": "f", "v": "v", "T": "th", "D": "dh", "s": "s", "z": "z", "S": "sh", "Z": "zh", "h": "hh", "H": "hh",
    "m": "m", "n": "n", "n-": "n", "N": "ng", "l": "l", "l/": "l", "@L": "l", "r": "r", "r-": "r", "r/": "r", "w": "w", "w#": "w", "j": "y",
    "a": "ae", "aa": "aa", "a#": "ax", "@": "ax", "@2": "ax", "@5": "ax", "3": "ax", "3:": "er", "IR": "er", "VR": "er",
    "E": "eh", "E#": "eh", "E2": "eh", "I": "ih", "I2": "ih", "I#": "ih", "i": "iy", "i:": "iy", "0": "aa", "O": "ao", "O2": "aa", "O:": "ao",
    "A:": "aa", "V": "ah", "U": "uh", "u": "uw", "u:": "uw", "8": "uh", "eI": "ey", "e:": "ey", "aI": "ay", "OI": "oy", "aU": "aw", "oU": "ow", "o:": "ow",
    "A@": "aa r", "O@": "ao r", "o@": "ao r", "U@": "uh r", "e@": "eh r", "i@": "iy r", "i@3": "iy r", "aI@": "ay r", "aI2": "ay", "aI3": "ay r", "aU@": "aw r",
}  # fmt: skip
_RHOTIC = {**_ESPEAK, "3": "er", "aa": "ae"}


def from_espeak(mnemonic: str, *, rhotic: bool) -> tuple[str, ...] | None:
    """The phones behind one espeak-ng mnemonic: () for a mark without sound, None if it is unknown."""
    if mnemonic.startswith("_") or mnemonic in {"", "|", "||"}:
        return (SILENCE,)
    if mnemonic in {";", "-", "%", "=", ":"}:
        return ()
    phones = (_RHOTIC if rhotic else _ESPEAK).get(mnemonic)
    if phones is None:
        return None
    vowel, *r = phones.split()
    return (vowel, *r) if rhotic else (vowel,)


# espeak-ng's Mandarin (`cmn-latn-pinyin`) and Cantonese (`yue-latn-jyutping`): the nearest English phones; the tones are in the melody.
_CHINESE: dict[str, dict[str, str]] = {
    "cmn": {
        "p": "b", "ph": "p", "t": "d", "th": "t", "k": "g", "kh": "k", "ts": "d z", "tsh": "t s", "ts.": "jh", "ts.h": "ch", "tS;": "jh", "tS;h": "ch",
        "s": "s", "s.": "sh", "S;": "sh", "z.": "r", "X": "hh", "f": "f", "m": "m", "n": "n", "N": "ng", "l": "l", "j": "y", "w": "w",
        "a": "aa", "A": "aa", "@": "ax", "@r": "er", "i": "iy", "i.": "er", "i[": "ih", "u": "uw", "y": "iy", "o": "ao", "o-": "ao",
        "ai": "ay", "Au": "aw", "ei": "ey", "ou": "ow", "iA": "y aa", "iE": "y eh", "iou": "y ow", "u@": "w ax", "ua": "w aa", "uei": "w ey", "uo": "w ao",
    },
    "yue": {
        "b": "b", "p": "p", "d": "d", "t": "t", "g": "g", "k": "k", "z": "d z", "c": "t s", "s": "s", "h": "hh", "f": "f", "m": "m", "n": "n", "N": "ng",
        "l": "l", "j": "y", "w": "w", "a": "ah", "aa": "aa", "e": "eh", "i": "iy", "o": "ao", "oe": "er", "u": "uw", "yu": "iy", "ai": "ay", "aai": "ay",
        "au": "aw", "aau": "aw", "ei": "ey", "eoi": "ey", "iu": "iy uw", "oi": "oy", "ou": "ow", "ong": "ao ng",
    },
}  # fmt: skip
SYLLABLE_ENDS = "_|"
"""What espeak-ng puts behind each syllable of pinyin and jyutping."""


def from_chinese(mnemonic: str, language: str) -> tuple[str, ...] | None:
    """As `from_espeak`, for `cmn` and `yue`; the short stop between syllables is no silence."""
    if mnemonic in {SYLLABLE_ENDS, ";"}:
        return ()
    if mnemonic.startswith("_") or not mnemonic:
        return (SILENCE,)
    phones = _CHINESE[language].get(mnemonic)
    return tuple(phones.split()) if phones else None
