"""Festival's diphone voices of other languages speaking English: an American voice's words, durations and melody, in their sounds.

    apt-get install festvox-italp16k festvox-itapc16k festvox-suopuhe-lj festvox-suopuhe-mv festvox-hi-nsk
    apt-get install festvox-czech-dita festvox-czech-krb festvox-czech-machac festvox-czech-ph

They are nine people more, and all free. What their language lacks they say as its speakers would, with the sound nearest to it; such a
phone is labelled so that ears don't learn it (`phones.FOREIGN`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LENDER = "ked_diphone"
"""Whose words and prosody they borrow."""


@dataclass(frozen=True, slots=True)
class ForeignVoice:
    """A set of diphones, and how English is said with it."""

    diphones: str
    """Festival's file, below its folder of voices."""

    pitch_hz: float
    silence: str
    sounds: Mapping[str, str]
    """By phone of ours: its own, `a|b` where it begins as one and ends as another; after `!` it is no English sound."""

    def lacks(self, phone: str) -> bool:
        """Whether it has no such sound."""
        return self.sounds.get(phone, "!").startswith("!")


def _table(*parts: str) -> dict[str, str]:
    return dict(pair.split("=") for part in parts for pair in part.split())


_SAME = " ".join(f"{phone}={phone}" for phone in "b d f g k l m n p s t v z r".split())
_CZECH = _table(
    _SAME,
    "aa=a: ae=!e ah=!a ao=o: aw=a|u ax=!e ay=a|i ch=c~ dh=!d eh=e er=!e hh=h ih=i iy=i: jh=dz~ ng=n* ow=o|u oy=o|i ey=e|i sh=s~ th=!t uh=u uw=u: w=!u y=j zh=z~",
)
_ITALIAN = _table(
    _SAME,
    "aa=a ae=!E ah=!a ao=O aw=a|u ax=!a ay=a|i ch=tS dh=!d eh=E er=!E hh=!# ih=!i iy=i1 jh=dZ ng=ng ow=o|u oy=O|i ey=e|i sh=S th=!t uh=u uw=u1 w=w y=j zh=!Z",
)
_FINNISH = _table(
    _SAME,
    "aa=a: ae=7 ah=!a ao=!o: aw=a|u ax=!@ ay=a|i ch=t|S dh=!d eh=e er=!@ hh=h ih=!i iy=i: jh=!d|S ng=N ow=o|u oy=o|i ey=e|i sh=S th=!t uh=u uw=u: w=w y=j zh=!S z=!s",
)
_OLD_FINNISH = _FINNISH | _table("sh=!s ch=!t|s jh=!d|s w=!v zh=!s")
_HINDI = _table(
    _SAME,
    "t=T d=D aa=aa ae=!eh ah=a ao=!aw aw=aa|uh ax=a ay=aa|ih ch=ch dh=!dh eh=eh er=!a hh=h ih=ih iy=iy jh=j ng=N ow=oo oy=oo|ih ey=ee sh=sh th=!th uh=uh uw=uw w=!v y=y zh=!zh z=!s",
)

FOREIGN_VOICES: Mapping[str, ForeignVoice] = {
    **{
        name: ForeignVoice(f"czech/czech_{name}/group/{name}.group", pitch_hz, "#", _CZECH)
        for name, pitch_hz in (("dita", 190.0), ("krb", 230.0), ("machac", 110.0), ("ph", 115.0))
    },
    **{
        name: ForeignVoice(f"italian/{name}_diphone/group/{name}_diphone.group", pitch_hz, "#", _ITALIAN)
        for name, pitch_hz in (("lp", 190.0), ("pc", 115.0))
    },
    "lj": ForeignVoice("finnish/suo_fi_lj_diphone/group/ljlpc.group", 195.0, "#", _OLD_FINNISH),
    "mv": ForeignVoice("finnish/hy_fi_mv_diphone/group/mvlpc.group", 105.0, "#", _FINNISH),
    "nsk": ForeignVoice("hindi/hindi_NSK_diphone/group/NSKlpc.group", 120.0, "pau", _HINDI),
}

BORROW = """
(define (lent text)
  (let ((said (eval (list 'Utterance 'Text text))))
    (mapcar (lambda (module) (module said))
            (list Initialize Text Token_POS Token POS Phrasify Word Pauses Intonation PostLex Duration Int_Targets))
    said))
(define (said_by diphones sounds said)
  (mapcar (lambda (phone)
            (let ((sound (cdr (assoc_string (item.name phone) sounds))))
              (item.set_feat phone "us_diphone_right" (car sound))
              (item.set_feat phone "us_diphone_left" (cadr sound))))
          (utt.relation.items said 'Segment))
  (set! UniSyn_module_hooks nil)
  (us_db_select diphones)
  (Wave_Synth said))
"""
"""Festival's commands: what is said but not yet in which sounds, and its sounds."""


def introduced(name: str, voices: Path) -> str:
    """What Festival must be told of a voice, whose files lie below that folder, before it speaks."""
    voice = FOREIGN_VOICES[name]
    sounds = {phone: sound.lstrip("!").partition("|") for phone, sound in voice.sounds.items()} | {"pau": (voice.silence, "", "")}
    table = " ".join(f'({phone} "{begins}" "{ends or begins}")' for phone, (begins, _, ends) in sounds.items())
    file, silence = voices / voice.diphones, f"{voice.silence}-{voice.silence}"
    return (
        f'(set! diphones_{name} (us_diphone_init \'((name "{name}") (index_file "{file}") (grouped "true") (default_diphone "{silence}"))))'
        f"(set! sounds_{name} '({table}))"
    )


def said(name: str, text: str, stretch: float, pitch_hz: float) -> tuple[str, ...]:
    """Commands that leave an utterance in `said`."""
    melody = f"(target_f0_mean {pitch_hz:.1f}) (target_f0_std {0.13 * pitch_hz:.1f}) (model_f0_mean 170) (model_f0_std 34)"
    return (
        f"(voice_{LENDER})",
        f"(Parameter.set 'Duration_Stretch {stretch:.3f})",
        f"(set! int_lr_params '({melody}))",
        f'(set! said (said_by diphones_{name} sounds_{name} (lent "{text}")))',
    )
