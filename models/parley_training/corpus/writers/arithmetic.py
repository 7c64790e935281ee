"""Sums and differences with results from 0 to 100; a fifth of the pairs is kept for the examination."""

from parley_models.numbers import HIGHEST, number
from parley_training.corpus.exchange import Fact, Writer, held_out
from parley_training.corpus.frames import wording

EASY = 20
"""Numbers up to here are added and subtracted as often as all larger ones together."""

Pair = tuple[int, int]


def sum_held_out(a: int, b: int) -> bool:
    """Whether a + b is kept for the examination, and b + a with it."""
    return held_out("sum", min(a, b), max(a, b))


def difference_held_out(a: int, b: int) -> bool:
    """Whether a - b is kept for the examination."""
    return held_out("difference", a, b)


def _sum(a: int, b: int) -> Fact:
    total = number(a + b)
    return Fact({"a": number(a), "b": number(b)}, f"{number(a).capitalize()} plus {number(b)} is {total}.", total.replace("-", " "))


def _difference(a: int, b: int) -> Fact:
    rest = number(a - b)
    return Fact({"a": number(a), "b": number(b)}, f"{number(a).capitalize()} minus {number(b)} is {rest}.", rest.replace("-", " "))


_SUMS = [(a, b) for a in range(HIGHEST + 1) for b in range(HIGHEST + 1 - a)]
_DIFFERENCES = [(a, b) for a in range(HIGHEST + 1) for b in range(a + 1)]


def _balanced(pairs: list[Pair]) -> list[Pair]:
    """The easy pairs repeated until they make up half of the list: what people ask most is small."""
    easy = [(a, b) for a, b in pairs if a <= EASY and b <= EASY]
    return pairs + easy * round((len(pairs) - 2 * len(easy)) / len(easy))


_STORY = {
    "given": "(||||if|when|suppose|say|imagine|let's say|once)",
    "now": "(, what do (you|we) get|, what is it then|, what (is|does) it (become|make)|, how much is it|, what number is (it|that))",
    "result": "(what comes out|what is the result|what do we get|how much is it|what number is it|what does it come to)",
    "who": "(i|i|we|you|my sister|my brother|a farmer|the teacher|tom|anna|our neighbour|she|he)",
    "things": "(apples|eggs|books|coins|cards|cookies|cats|dollars|euros|stamps|flowers|balls|pencils|cups|fish|points|stones|toys|birds|people|children|sheep|candles|keys||)",
    "had": "(have|has|had|own|owned|got|bought|found|saw|picked|keep|kept|hold|held|start with|started with|began with|start out with|count|counted)",
    "much": "(how many|how much)",
    # ends that tell nothing: what was asked lies in the verb. Mini 0.7 took "and lost thirty, what do I have" for a sum
    "open": "(<much> do (we|they|you) have [now|then]|<much> does (he|she) have [now|then]|what (do|does) (we|she|he|they) have (now|then)|what is it then|where does that leave (me|us|you)|what's the new (number|count)|"
    "<much> have (i|we|you) got [now|then]|<much> [<things>] are there then|what do (i|you) hold now)",
}
"""Who has what in a story that is a sum."""

_ASKED_SUMS = [pair for pair in _SUMS if not sum_held_out(*pair)]
_ASKED_DIFFERENCES = [pair for pair in _DIFFERENCES if not difference_held_out(*pair)]

sums = Writer(
    "sum",
    wording(
        **_STORY,
        both="({a} plus {b}|{a} plus {b}|{a} and {b}|{b} added to {a}|the sum of {a} and {b}|{a} increased by {b}|{a} with {b} on top|{a} and another {b}|{a} made (bigger|larger) by {b}|{a} together with {b})",
        gets="(get|gets|got|buy|buys|bought|find|finds|found|win|wins|won|receive|received|take|took|make|made|are given|was given|add|added|put in|bring|brought|earn|earned|collect|collected|pick up|picked up|borrow|borrowed)",
        joins="(come|came|come in|came in|join|joined|arrived|are added|were added|turn up|fly in|run in|swim by|walk in|sit down|are put there)",
        rises="(goes up|grows|rises|climbs|increases|gets bigger|is raised)",
        more="({b} more|{b} more|{b} others|{b} again|another {b}|{b} on top|{b} new ones)",
        end="(<open>|<open>|<open>|<open>|<open>|<open>|<much> is that|<much> are (there|they)|<much> in all|<much> [<things>] altogether|<much> now|<much> [<things>] are there now|<much> does that make|<much> is it [now]|what is the (total|sum)|what does that make|what's the total|what do (we|you|they) get|what is the sum|what do they come to|what do they make [together]|what have i got then|what's the whole)",
        told="(<given> <who> <had> {a} <things> (and|and then|, then|and later|, and) <gets> <more>, <end>|{a} <things> and {b} (more|others|more <things>|<things>), <end>|<given> there (are|were) {a} <things> (and|and then|, then) <more> <joins>, <end>|to {a} <things> (i|we|you|they) <gets> {b}, <end>|{a} <rises> by {b}<now>|if {a} <rises> by {b}<now>|"
        "from {a} (go|count|walk|climb) {b} (up|higher|further|forward|on), (what is that|where is that|what number is it|where are you then)|first {a} and then {b}, <end>|{a} <things> here and {b} there, <end>)",
        direct="(adding {b} (to|and) {a} (gives|makes|is) (what|how much)|<result> (if|when) {a} and {b} are (added|added up|put together|counted together)|<result> (if|when) {b} is added to {a}|"
        "what does {a} become (when|if) {b} (is added|comes on top)|what happens to {a} when (i|you|we) add {b}|{a}, add {b}, (what now|what is it|what is that)|the numbers are {a} and {b}, what is their (sum|total)|"
        "{a} and {b}, (added|put together|counted together|taken together), <end>|{b} more than {a} (makes|gives) (what|how much)|what is {b} more than {a}|what number is {b} more than {a}|what is <both>|what's <both>|what's <both>|how much is <both>|how much are {a} and {b}|what (does|do) {a} (plus|and) {b} (make|equal|come to|add up to)|what do you get (if|when) you add {a} (and|to) {b}|"
        "what do i get (if|when) i add {a} and {b}|what do you get from {a} plus {b}|{a} plus {b} (equals|is|makes) (what|how much)|{a} plus {b}, (what|how much) is (it|that)|"
        "if i have {a} and (get|find|buy) {b} more, how many do i have|if you have {a} and (get|find) {b} more, how many (are there|do you have)|i have {a} apples and get {b} more, how many is that|"
        "what is {a} and {b} together|how much do {a} and {b} make [together]|what's the sum of {a} and {b}|what number is {a} plus {b}|which number is {a} plus {b}|what is {a} with {b} added|how many are {a} and {b} [together]|"
        "what's the total of {a} and {b}|what is the total of {a} and {b}|what is the result of {a} plus {b}|what's the result of {a} plus {b}|what would {a} plus {b} be|what will {a} plus {b} be)",
        clause="(what {a} (plus|and) {b} (is|makes|equals)|how much {a} (plus|and) {b} (is|are|makes)|what you get (if|when) you add {a} and {b}|what the (sum|total) of {a} and {b} is|what is {a} plus {b}|how much is {a} plus {b}|"
        "what {a} plus {b} comes to|the result of {a} plus {b})",
        topic="(the sum of {a} and {b}|{a} plus {b}|{a} plus {b}|the total of {a} and {b}|the result of {a} plus {b}|the answer to {a} plus {b})",
        fragment="({a} plus {b}|{a} plus {b}|{a} plus {b} (is|equals|makes)|{a} and {b} [together]|sum of {a} and {b}|{a} plus {b}, how much|and {a} plus {b}|total of {a} and {b})",
        order="(raise {a} by {b}|(please|now) increase {a} by {b}|increase the number {a} by {b}|bring {a} up by {b}|lift {a} by {b}|give {a} another {b}|put {b} on top of {a}|join {a} and {b}|make {a} larger by {b}|let {a} grow by {b}|go {b} up from {a}|find the sum of {a} and {b}|plus, {a} and {b}|addition, {a} and {b}|add {a} and {b} [together]|add {a} and {b}|add {b} to {a}|sum {a} and {b}|sum up {a} and {b}|put {a} and {b} together|calculate {a} plus {b}|compute {a} plus {b}|work out {a} plus {b}|do {a} plus {b}|start with {a} and add {b}|"
        "take {a} and add {b}|add up {a} and {b}|solve {a} plus {b}|count {a} and {b} together)",
    ),
    [_sum(a, b) for a, b in _balanced(_ASKED_SUMS)],
    weight=14,
    examined=[_sum(a, b) for a, b in _SUMS if sum_held_out(a, b)],
)

differences = Writer(
    "difference",
    wording(
        **_STORY,
        less="(minus|minus|minus|take away|less)",
        loses="(lose|loses|lost|spend|spends|spent|eat|ate|give away|gave away|sell|sells|sold|break|broke|pay|paid|use|used|drop|dropped|forget|forgot|throw away|threw away|hand over|miss|missed|lend|lent|return|returned|donate|waste|hide|hid)",
        leaves="(leave|left|go away|went away|disappear|fall down|fell down|run away|swim away|walk off|jump off|drive off|go home|went home|vanish|get lost|are taken|were taken|are removed)",
        falls="(goes down|falls|drops|shrinks|sinks|decreases|gets smaller|is lowered|is reduced)",
        end="(<open>|<open>|<open>|<open>|<open>|<open>|<much> (are|is) still there|<much> stay behind|<much> did not|<much> do (i|we|you|they) still have|what have (i|we|you) got left|what do (i|we|you) still have|<much> (do|does) not|<much> (is|are) left|<much> (remain|remains|stay|stay behind)|<much> (is|are) there (now|still)|<much> do (i|we|you|they) have left|<much> does (he|she) have left|what is left|what remains|<much> left over|<much> [<things>] then|what's left over)",
        told="(<given> <who> <had> {a} <things> (and|and then|, then|but|but then|, and) <loses> {b} [of them], <end>|{a} <things> and {b} (are|get|go) (lost|gone|away|missing|sold|eaten|broken), <end>|<given> there (are|were) {a} <things> (and|and then|, then|but) {b} [of them] <leaves>, <end>|from {a} <things> (i|we|you|they) <loses> {b}, <end>|{a} <falls> by {b}<now>|if {a} <falls> by {b}<now>|"
        "from {a} (go|count|walk|climb) {b} (down|lower|back|backwards), (what is that|where is that|what number is it|where are you then)|(of|from|out of) {a} <things> (i|we|you|they) <loses> {b}, <end>)",
        direct="((taking|removing|subtracting) {b} from {a} (leaves|makes|is) (what|how much)|taking {b} (off|away from) {a} (gives|leaves) (what|how much)|<result> (if|when) {b} is (taken off|taken from|subtracted from|removed from|deducted from) {a}|"
        "what does {a} become (when|if) {b} (is taken away|is removed|is subtracted|goes away)|what happens to {a} when (i|you|we) (subtract|take away|remove) {b}|{a}, subtract {b}, (what now|what is it|what is that)|"
        "the numbers are {a} and {b}, what is their difference|{a} with {b} (removed|off|gone|missing), <end>|what is {b} fewer than {a}|what number is {b} (below|under) {a}|{b} less than {a} (makes|gives) (what|how much)|what is {b} less than {a}|what number is {b} less than {a}|by how much is {a} (more|bigger|larger) than {b}|how far is it from {b} to {a}|what is {a} (reduced|decreased|lowered|made smaller) by {b}|what is {a} <less> {b}|what's {a} <less> {b}|how much is {a} <less> {b}|what (does|do) {a} minus {b} (make|equal|come to|leave)|what do you get (if|when) you (subtract {b} from {a}|take {b} (from|away from) {a})|"
        "what do i get (if|when) i (subtract {b} from {a}|take {b} away from {a})|{a} <less> {b} (equals|is|makes) (what|how much)|{a} <less> {b}, (what|how much) is (it|that)|"
        "if i have {a} and (lose|spend|give away|eat) {b}, how many (are left|do i have left|remain)|i have {a} apples and eat {b}, how many are left|if you take {b} from {a}, (what|how much) is left|"
        "what's the difference between {a} and {b}|what is the difference between {a} and {b}|what's left (if|when) you take {b} (from|away from) {a}|what is {a} with {b} taken away|what's the result of {a} minus {b}|"
        "what number is {a} minus {b}|which number is {a} minus {b}|what would {a} minus {b} be|what will {a} minus {b} be|how much is left of {a} without {b}|what remains of {a} without {b}|how much more is {a} than {b})",
        clause="(what {a} <less> {b} (is|makes|equals)|how much {a} <less> {b} is|what you get (if|when) you (subtract {b} from {a}|take {b} (from|away from) {a})|what the difference between {a} and {b} is|what is {a} minus {b}|"
        "how much is {a} minus {b}|what {a} minus {b} comes to|what is left when you take {b} from {a})",
        topic="(the difference between {a} and {b}|{a} minus {b}|{a} minus {b}|{a} take away {b}|the result of {a} minus {b}|the answer to {a} minus {b})",
        fragment="({a} <less> {b}|{a} minus {b}|{a} minus {b} (is|equals|makes)|difference between {a} and {b}|{a} minus {b}, how much|and {a} minus {b}|{a} without {b})",
        order="(reduce {a} by {b}|(please|now) decrease {a} by {b}|decrease the number {a} by {b}|cut {a} by {b}|drop {a} by {b}|shrink {a} by {b}|bring {a} down by {b}|knock {b} off {a}|take {b} off {a}|lower {a} by {b}|make {a} smaller by {b}|go {b} down from {a}|find the difference of {a} and {b}|minus, {a} and {b}|subtraction, {b} from {a}|subtract {b} from {a}|subtract {b} from {a}|take {b} (from|away from) {a}|calculate {a} minus {b}|compute {a} minus {b}|work out {a} minus {b}|do {a} minus {b}|start with {a} and (subtract|take away) {b}|"
        "take {a} and subtract {b}|solve {a} minus {b}|remove {b} from {a}|deduct {b} from {a})",
    ),
    [_difference(a, b) for a, b in _balanced(_ASKED_DIFFERENCES)],
    weight=12,
    examined=[_difference(a, b) for a, b in _DIFFERENCES if difference_held_out(a, b)],
)
