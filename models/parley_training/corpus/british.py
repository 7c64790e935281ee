"""Festival's British diphone voices, with the dictionary that comes with its American ones.

    apt-get install festival festlex-cmu festlex-poslex festvox-kdlpc16k       # then, of Debian's section contrib, without their OALD:
    apt-get download festvox-rablpc16k festvox-don && for each in festvox-*.deb; do dpkg-deb -x $each /; done

`rab_diphone` and `don_diphone` (University of Edinburgh, free) ask for the Oxford dictionary, which is free for non-commercial use only. So they get
the words of CMU's, phone by phone: what they say is British in its voice and American in its words, and its labels are what is said.
"""

BRITISH = ("rab_diphone", "don_diphone")

_MRPA = dict(
    pair.split(":")
    for pair in "aa:aa ae:a ah:uh ao:oo aw:au ax:@ ay:ai eh:e el:l em:m en:n er:@@ ey:ei hh:h hv:h ih:i iy:ii ow:ou oy:oi uh:u uw:uu".split()
) | {same: same for same in "b ch d dh f g jh k l m n ng p r s sh t th v w y z zh".split()}
"""Phones of CMU's dictionary as these voices call them (MRPA)."""

PHONE_OF_MRPA = {mrpa: phone for phone, mrpa in _MRPA.items() if phone not in {"el", "em", "en", "hv"}}
"""And back, in our inventory."""

SETUP = f"""
(set! mrpa_of_cmu '({" ".join(f"({phone} {mrpa})" for phone, mrpa in _MRPA.items())}))
(define (mrpa_syllable syllable)
  (list (mapcar (lambda (phone) (cadr (assoc_string phone mrpa_of_cmu))) (car syllable)) (cadr syllable)))
(define (mrpa_lts word features)
  (lex.select "cmu")
  (let ((entry (lex.lookup word features)))
    (lex.select "oald")
    (list word (cadr entry) (mapcar mrpa_syllable (car (cddr entry))))))
(define (setup_oald_lex)
  (if (not (member_string "oald" (lex.list)))
    (begin
      (require 'cmulex)
      (setup_cmu_lex)
      (lex.create "oald")
      (lex.set.phoneset "mrpa")
      (lex.set.lts.method 'mrpa_lts)
      (lex.set.pos.map english_pos_map_wp39_to_wp20)
      (lex.add.entry '("'s" pos (((@ z) 0)))))))
"""
"""What Festival must be told before it loads one of them: the voices call `setup_oald_lex`."""
