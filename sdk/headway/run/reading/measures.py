"""Find the measure of progress that a line of unknown output may hold: a count, bytes, per cent.

Pure. What is found here is a hypothesis, not a fact: `evidence` decides when it is believed.
"""

from __future__ import annotations

from headway.run.late_pattern import late_pattern
from headway.run.reading.command_line import option_set
from headway.run.reading.sizes import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Match, NamedTuple, Pattern
else:
    from headway.light_typing import NamedTuple

LABEL_LIMIT = 40  # characters of a label: longer ones are sentences, not names
# Lines that must grow, one after the other, before a measure is believed. What is drawn as a bar
# with its times can be nothing else; a bar with a number may be a gauge (a disk that is 93 % full),
# which does not grow; a bare number may be anything.
CERTAIN, BAR, NUMBER = 1, 2, 3


class Measure(NamedTuple):
    """What a line may tell of something's progress.

    `key` tells it from others of the same output; `label` is what it is called, "" where it may
    be all of the work; `need` is how many growing lines make it believed; `outer` tells that what
    comes while it is under way is a part of it.
    """

    key: tuple[str, ...]
    label: str
    done: float
    total: float | None
    unit: str | None
    detail: str
    need: int
    outer: bool = False
    begins: bool = False  # the line tells what begins: `done` are those before it
    one_of_many: bool = False  # its label says that there are others: a file, "Phase A"
    level: bool = False  # nothing in its line tells of work: it may be how high something stands


_NUMBER = r"[\d.]+ ?[kKMGTP]?i?B?"
_TQDM = late_pattern(
    rf"\s*(?P<label>.*?):?\s*\d{{1,3}}%\|[^|]*\|\s*(?P<done>{_NUMBER})/(?P<total>{_NUMBER})"
    r" \[(?P<times>[^\]]*)"
)
_TQDM_COUNT = late_pattern(
    r"\s*(?:(?P<label>.*?): )?(?P<done>[\d.]+[kMGTP]?)(?P<unit>[A-Za-z]+) "
    r"\[(?P<times>\d+:\d\d[^\]]*/[^\]]*)\]"
)
_ALIVE = late_pattern(
    r"\s*(?P<label>.*?)\s*\|[^|]*\|\D{0,8}(?P<done>\d+)/(?P<total>\d+) \[\d+%\] in "
)
_RATE = late_pattern(r"[\d.?]+ ?[kKMGT]?([A-Za-z]+)/s|s/([A-Za-z]+)")
# A bar: at least five signs that fill it, in brackets or of those that nothing else is made of.
_FILLED = late_pattern(r"[\[(|][#=>*.█▓▒░o+\- ]{5,}[\])|]|[█▉▊▋▌▍▎▏▓▒░⣿]{3,}|[━╸╺]{5,}|#{5,}")
_WORD = (
    r"(?:(?:epoch|step|stage|phase|round|fold|batch|iteration|iter|part|chunk|file|task|test|page"
    r"|item|image|sample)s?)"
)
_COUNT = r"(?:\d{1,3}(?:,\d{3})+|\d+)"  # "12,000" is one number
_WORDED = late_pattern(
    rf"(?i)\s*(?P<label>{_WORD})[ :#]*\[?(?P<done>{_COUNT})\s*(?:/|of)\s*(?P<total>{_COUNT})"
)
_BRACKETED = late_pattern(rf"[\[(]\s*(?P<done>{_COUNT})\s*(?:/|of)\s*(?P<total>{_COUNT})\s*[\])]")
_BARE = late_pattern(
    rf"(?<![\w./:,-])(?P<done>{_COUNT})(?: ?/ ?| of | out of )(?P<total>{_COUNT})"
    r"(?![\w/-]|:\S|[.,]?\d| ?[kKMGT]?i?B\b)"
)
# "3 tables out of 12"
_OUT_OF = late_pattern(
    rf"(?<![\w./:,-])(?P<done>{_COUNT})(?: [a-z]+){{1,2}} out of (?P<total>{_COUNT})"
    r"(?![\w/-]|[.,]?\d)"
)
_SIZE = r"\d[\d.,]*\s?(?:[kKMGTP]i?B|[kKMGTP]|B|bytes)"
_BYTES = late_pattern(
    rf"(?<![\w.,])(?P<done>\d[\d.,]*)\s?(?P<prefix>[kKMGTP]?i?(?:B|bytes)|[kKMGTP])?\s?(?:/|of)\s?"
    rf"(?P<total>{_SIZE})(?![\w/])"
)
_PERCENT = late_pattern(r"(?<![\w.,])(?P<done>\d{1,3}(?:\.\d+)?) ?(?:%|percent\b)(?!\w)")
# What counts of something else than work done stand beside: tries, states, marks.
_NO_COUNT = late_pattern(
    r"(?i)\b(?:attempts?|try|tries|trying|retry|retries|retrying|retried|waiting|score|rated?|rating|ratio"
    r"|grade|levels?|queue|backlog|temperature|connections?|clients?|ready|healthy)\b"
)
# What stands directly behind such a count; elsewhere in a line it says nothing of the count.
_NO_COUNT_OF = late_pattern(
    r"(?i)[\s\])]*(?:online|open|received|started|spawned|launched|booted|connected|joined"
    r"|busy|idle|alive|active|taken|occupied|slots?|seats?|km/h|mph|rpm|seconds?|secs?|s|ms)(?![\w.])"
)
# What is counted up to a limit that is better not reached, directly before or behind such a count;
# "[3/10] failed test_a" is a count of tests.
_LIMITED_BEFORE = late_pattern(
    r"(?i)\b(?:failed|failures?|errors?|warnings?|restarts?|depth|quota|pool|votes?|seeds?|peers?)"
    r"[ :=]*$"
)
_LIMITED_BEHIND = late_pattern(
    r"(?i)\s+(?:failed|failures?|errors?|warnings?|skipped|allowed|required|in use|used|free|full"
    r"|up|down)(?![\w.-])"
)
# What percentages and sizes of something else than progress stand beside.
_NO_PROGRESS = late_pattern(
    r"(?i)\b(?:deflated|ratio|compression|compressed|stored|saved|full|use|used|using|usage|utili[sz]ation"
    r"|free|available|capacity|rss|vsz|resident|cpu|mem|memory|v?ram|swap|heap|disk|load|loss|lost|accuracy|acc|coverage"
    r"|cover|confidence|battery|volume|probability|increase|decrease|increased|decreased|faster"
    r"|slower|smaller|larger|bigger|similar|similarity|identical|hits?|miss|misses|threshold"
    r"|quality|idle|busy|quota|(?:success|error|win|hit) rate|discount|tax|fan|humidity|charge"
    r"|charging|uptime|availability|buffer|signal|gc|zoom|brightness|contrast|opacity|growth"
    r"|max|maximum)\b"
)
# Words for work, in a label or behind a number: one that is under way or done (by its ending), or
# its name. A number beside none of them may be a level (a temperature, a share of something).
_WORK = late_pattern(
    r"(?i)\b(?:analy[sz]|appl(?:y|ied)|assembl|back(?:ing|ed)? ?up|build|built|burn|calculat|check"
    r"|clean|clon|compil|comput|conver[ts]|cop(?:y|ie)|crawl|creat|cut|delet|deploy|download|draw"
    r"|dump|emit|encod|decod|encrypt|decrypt|eras|eta\b|evaluat|export|extract|fetch|flash|fold"
    r"|format|generat|get\b|hash|import|index|initiali[sz]|insert|install|job|link(?:ing|ed)|lint|load|mail|map"
    r"|merg|migrat|min(?:e|ing)\b|mov(?:e|ing)|optimi[sz]|pack(?:ing|ed|age)|pars|patch|print|proc\b|process"
    r"|progress|pull|push|put\b|queu(?:ed|ing)|read\b|reading|rebuild|receiv|recover|remov|render"
    r"|replicat|resiz|restor|rip|run\b|sav(?:e|ing)\b|scan|search|send|sent\b|setup|simulat|solv|sort"
    r"|split|step|strip|submit|sync|task|test|train|transcod|transfer|transl|unpack|updat|upgrad"
    r"|upload|vacuum|valid|verif|visit|walk|work\b|writ|wrote|zip|done\b|complete|finish|left\b"
    r"|remaining)|[A-Za-z]{3,}(?:ing|ed)\b|\d ?[kKMGT]?i?[A-Za-z]+/s\b"
)
# Words that end as such, and tell of no work.
_NO_WORK = late_pattern(
    r"(?i)\b(?:keeping|holding|parking|rating|setting|string|during|heading|ceiling|trying|waiting"
    r"|sleeping|pending|missing|existing|standing|outstanding|speed|feed|need|seed|allocated|occupied|reserved|connected|shared|limited"
    r"|duplicated|dropped|rejected|blocked|failed|skipped|loaded|processors?)\b"
)
# What stands between a word for what is one of several and the number: which of them it is.
_PART = late_pattern(
    r"(?i)\b(?:phase|part|step|stage|pass|round|section|volume|dis[ck]|batch|chunk|shard|worker|thread|job"
    r"|task|group|layer|table|file) #?(?-i:[A-Z]|[IVX]{1,4}|\d{1,3})(?=[\])]?(?:\s*[:–—-]|\s*$))"
)
_DEVICE = late_pattern(r"\s*(?:/[\w-]+)+:?\s*")  # or where one is mounted: its bytes are not read
# What a percentage of a distribution is a line of: "90%  14 ms".
_QUANTILE = late_pattern(r"\s+[\d.]+ ?(?:ms|us|µs|ns)\s*")
_CLAUSE = late_pattern(r".*[;,|]\s(?=.*[A-Za-z]{2})")  # what the number further on is not of
_AROUND = 24  # characters behind a percentage in which such a word is looked for
# Words for all of the work.
_WHOLE = option_set(
    "progress total overall all completed complete done percent percentage status finished"
    " processed eta running working"
)
# What a log puts in front of its lines: no part of a name.
_LEVELS = option_set("TRACE DEBUG INFO NOTICE WARN WARNING ERROR")
_BAR_SIGNS = late_pattern(r"[█▉▊▋▌▍▎▏▓▒░⣿━╸╺]+|[#=>*.|+~\-]{2,}|[\[\](){}<>|#=*%]+")
# A name that a number is part of, as "part2.bin" or "10.0.0.2": not what changes as work goes on.
_NUMBERED = late_pattern(r"[A-Za-z][A-Za-z_.+-]*\d[\w.+-]*|\d{1,3}(?:\.\d{1,3}){3}")
_FILE = late_pattern(r"[^ .]\.[A-Za-z]\w{0,4}(?:\.[A-Za-z]\w{0,3})?$")  # "data.bin", "a.tar.gz"
_DOING = late_pattern(r"\W*(?P<verb>[A-Za-z]+ing)\b")
_NO_NAME = late_pattern(r"\S*(?:://|@|=|\\)\S*")  # addresses and settings: they may be secrets
_DIGITS = late_pattern(r"[\d.,:]*\d[\d.,:]*\s?(?:[kKMGTP]?i?B(?:/s)?\b|[kKMGTP]\b)?")
_OUTER_WORDS = ("epoch", "round", "fold", "stage", "phase", "step")
_BEGUN = ("epoch", "step", "stage", "phase")  # whose first line proves what it is
_CONSISTENT = 1.5  # per cent that a count and a rounded percentage of one line may be apart


def measure(line: str) -> Measure | None:
    """Return what a line may tell of progress, or None."""
    if not any(map(str.isdecimal, line)):
        return None  # no pattern matches, and none need be compiled
    for pattern, read in _READERS:
        match = pattern.search(line) if read in _SEARCHED else pattern.match(line)
        if match is not None:
            found = read(line, match)
            if found is not None:
                return _weighed(found)
    return None


def _weighed(found: Measure) -> Measure:
    """Return a measure with what its label makes of it."""
    if _names_file(found) or _PART.search(found.label):
        return found._replace(one_of_many=True)
    if found.need != NUMBER or found.key[0] not in ("count", "percent"):
        return found
    share = found.key[0] == "percent" and found.detail.startswith("of ")
    if not found.label and not found.key[-1] and not share:
        return found
    words = f"{found.label} {found.detail[:_AROUND]}"
    return found if _WORK.search(_NO_WORK.sub(" ", words)) else found._replace(level=True)


def _names_file(found: Measure) -> bool:
    """Return whether what is counted is one file; what is done with one after the other is all."""
    kind = found.key[0]
    if not found.label or kind not in ("bytes", "count", "percent", "tqdm"):
        return False
    names = "" if kind == "tqdm" else found.key[-1]
    numbered = names.endswith(found.label.rsplit(" ", 1)[-1])  # "gpu0 util" names no file
    file = numbered or _FILE.search(found.label) is not None
    return file and (kind != "tqdm" or found.unit == "B")


def label_of(text: str) -> str:
    """Return the name that a text in front of a number gives, or "" if it gives none.

    Digits, bars and brackets are no part of it, nor is what may be a secret; of a path the last
    part remains.
    """
    text = _NO_NAME.sub(" ", text)
    part = _PART.search(text)
    if part is not None:
        return part[0]
    text = " ".join(word.rstrip("/").rsplit("/", 1)[-1] for word in text.split())
    text = _BAR_SIGNS.sub(" ", _DIGITS.sub(" ", text))
    words = [word.strip(":;,.-_'\"") for word in text.split()]
    words = [word for word in words if sum(map(str.isalpha, word)) > 1 and word not in _LEVELS]
    name = " ".join(words)
    if not name or len(name) > LABEL_LIMIT or all(word.lower() in _WHOLE for word in words):
        return ""
    return name


def _names_in(text: str) -> str:
    """Return the names with a number in a text: lines with others speak of something else."""
    words = (word.strip("()[]{}<>'\":;,") for word in text.split())
    return " ".join(word for word in words if _NUMBERED.fullmatch(word.rsplit("/", 1)[-1]))


def _of_many(label: str, before: str) -> tuple[str, str]:
    """Return the label of a count and the names that it is of, of the text in front of it.

    "Converting page7.tif" says what is done with one after the other: the count is of all.
    """
    names = _names_in(before)
    doing = _DOING.match(before) if names else None
    return (label, names) if doing is None else (doing["verb"], "")


def _tqdm(line: str, match: Match[str]) -> Measure | None:
    done, total = _scaled(match["done"]), _scaled(match["total"])
    if done is None or not total or done > total:
        return None
    unit = "B" if match["total"].endswith("B") else _rate_unit(match["times"])
    label = label_of(match["label"])
    # Bars without a label differ by their totals.
    key = ("tqdm", label or str(total))
    # A file is no part of another: such bars stand beside one another.
    return Measure(key, label, done, total, unit, "", CERTAIN, outer=unit != "B")


def _tqdm_count(line: str, match: Match[str]) -> Measure | None:
    done = _scaled(match["done"])
    if done is None:
        return None
    label, unit = label_of(match["label"] or ""), match["unit"]
    unit = "B" if unit.endswith("B") else None if unit.lstrip("kMGT") == "it" else unit
    return Measure(("tqdm", label or unit or "it"), label, done, None, unit, "", CERTAIN)


def _alive(line: str, match: Match[str]) -> Measure | None:
    label = label_of(match["label"].replace("on ", " "))
    total = int(match["total"])
    key = ("alive", label or str(total))
    return _counted(key, label, int(match["done"]), total, "", CERTAIN)


def _worded(line: str, match: Match[str]) -> Measure | None:
    done, total = _whole(match["done"]), _whole(match["total"])
    word = match["label"].lower()
    rest = line[match.end() :].strip(" .:…-])")
    if not 0 < done <= total or total < 2:
        return None
    need = CERTAIN if done == 1 and word in _BEGUN else NUMBER
    # "Epoch 2/4" announces the second; with results behind it, it tells that the second is over.
    begins = "=" not in rest and not any(map(str.isdigit, rest))
    done -= begins
    label = match["label"].capitalize()
    return Measure(
        ("word", word), label, done, total, None, rest[:80], need, word in _OUTER_WORDS, begins
    )


def _bytes(line: str, match: Match[str]) -> Measure | None:
    total = parse_size(match["total"].replace("bytes", "B"))
    text = match["done"] + (match["prefix"] or "").replace("bytes", "B")
    if match["prefix"] is None:  # "2.5/100 MB": one unit for both
        text += match["total"].lstrip("0123456789., ").replace("bytes", "B")
    done = parse_size(text)
    before = line[: match.start()]
    if done is None or not total or done > total or _NO_PROGRESS.search(before):
        return None
    if _DEVICE.fullmatch(before):
        return None
    label = label_of(before)
    need = BAR if _FILLED.search(line) else NUMBER
    return Measure(("bytes", label, _names_in(before)), label, done, total, "B", "", need)


def _bracketed(line: str, match: Match[str]) -> Measure | None:
    before, after = line[: match.start()], line[match.end() :]
    label = label_of(before)
    if not after.strip(" .…") and label:
        # "Compiling a.c (3/40)": what is worked on stands in front.
        label, before = label.split(" ", maxsplit=1)[0], before.split(maxsplit=1)[0]
    return _count(line, match, label, before, after)


def _bare(line: str, match: Match[str]) -> Measure | None:
    before = _CLAUSE.sub("", line[: match.start()])
    return _count(line, match, label_of(before), before, line[match.end() :])


def _count(line: str, match: Match[str], label: str, before: str, after: str) -> Measure | None:
    """Return a count; `before` is the text that names it."""
    after_it = after[:_AROUND]
    if _NO_COUNT.search(before) or _NO_COUNT.search(after_it) or _NO_COUNT_OF.match(after_it):
        return None
    if _LIMITED_BEFORE.search(before) or _LIMITED_BEHIND.match(after_it):
        return None
    done, total = _whole(match["done"]), _whole(match["total"])
    need = BAR if _FILLED.search(line) else NUMBER
    percent = _PERCENT.search(line)
    if percent is not None and total and need == NUMBER:
        apart = abs(float(percent["done"]) - 100 * done / total)
        need = BAR if apart <= _CONSISTENT else NUMBER
    label, names = _of_many(label, before)
    key = ("count", label, "" if label else str(total), names)
    return _counted(key, label, done, total, after.strip(" -:>|.…")[:80], need)


def _percent(line: str, match: Match[str]) -> Measure | None:
    done, before = float(match["done"]), _CLAUSE.sub("", line[: match.start()])
    after = line[match.end() :]
    if done > 100 or _NO_PROGRESS.search(before + after[:_AROUND]):
        return None
    if _QUANTILE.fullmatch(after):
        return None
    label = label_of(before)
    need = BAR if _FILLED.search(line) else NUMBER
    if need == NUMBER and "%" in after:
        return None  # several are a table of shares
    # Of "[12m remaining] /" the sign that turns is no word, nor are the brackets.
    detail = after.strip(" :[]()|#=->./\\").replace("][", ", ")[:80]
    label, names = _of_many(label, before)
    return Measure(("percent", label, names), label, done, 100, "%", detail, need)


def _counted(
    key: tuple[str, ...], label: str, done: int, total: int, detail: str, need: int
) -> Measure | None:
    if done > total or total < 2:
        return None
    return Measure(key, label, done, total, None, detail, need)


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def _scaled(text: str) -> float | None:
    """Return a number that may have a prefix, as "4.00M": rounded as it was printed."""
    size = parse_size(text)
    if size is None or text[-1:] not in "0123456789":
        return size
    number = float(text)
    return int(number) if number.is_integer() else number


def _rate_unit(times: str) -> str | None:
    match = _RATE.search(times)
    unit = None if match is None else match.group(1) or match.group(2)
    if unit is not None and unit[-1:] == "B":
        return "B"
    return None if unit is None or unit.lstrip("kKMGT") == "it" else unit


_READERS: tuple[tuple[Pattern[str], Callable[[str, Match[str]], Measure | None]], ...] = (
    (_TQDM, _tqdm),
    (_TQDM_COUNT, _tqdm_count),
    (_ALIVE, _alive),
    (_WORDED, _worded),
    (_BYTES, _bytes),
    (_BRACKETED, _bracketed),
    (_BARE, _bare),
    (_OUT_OF, _bare),
    (_PERCENT, _percent),
)
_SEARCHED = (_bytes, _bracketed, _bare, _percent)
