"""Rows: what is asked and what is expected, as text. A row is a paragraph; lines that start with # are comments.

    row: TITLE
    section: 5                      of the contract; once a file is enough
    world: NAME                     which server (worlds.py); "steady" when not said
    within: 15s                     the row is tried again until it holds, at most so long
    why: TEXT                       required where ours and upstream differ
    as: WHO                         of the steps that follow: reader (the default), anonymous, masters, proxy USER [GROUP...],
                                    front-proxy (the row's headers say who), token TOKEN, cert NAME (pki.py)
steps, and what each expects:
    GET /path [HTTP/2]              any method; RUN FLAGS... runs the binary; HOLD N GET /path leaves N requests open;
                                    DO ACTION... changes the world (worlds.py); NGHTTP /path shows HTTP/2 frames
    > Header: value                 sent
    body: TEXT                      sent
    < 200                           the status (RUN: the exit code; < nonzero: any but 0)
    < Header: value                 < Header ~ regex       < !Header: there is none
    = TEXT                          the body is exactly that; more lines go on; \\n is a newline
    ~ REGEX                         is found in the body     !~ REGEX isn't
    ? JQ                            jq says true of the body; protobuf and YAML are shown to it as JSON
    sar = JSON                      exactly this was asked of the API server meanwhile; "sar none"; likewise "tokenreview"
    log ~ REGEX                     the server has said so
    audit ? JQ                      of the request's audit events, as a list
    took LOW..HIGH                  seconds
    keep NAME HEADER                $NAME is that header of the answer from now on; keep NAME ? JQ likewise
"ours" or "upstream" in front of an expectation: only for that flavour.

$name stands for a value: $now (a time within seconds of now), $rv (a resourceVersion and its comma; nothing upstream), $any, $uuid,
$tN (the time of the world's second N), $node, $ns, $pod, $host, and what was kept.
"""
import re

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
STEPS = METHODS | {"RUN", "HOLD", "DO", "NGHTTP"}
FLAVOURS = ("ours", "upstream")


class RowError(Exception):
    pass


class Step:
    def __init__(self, kind, rest, who):
        self.kind, self.rest, self.who = kind, rest, who
        self.headers, self.body, self.expected = [], None, []  # expected: (operator, text)


class Row:
    def __init__(self, where, section, world):
        self.where, self.section, self.world = where, section, world
        self.title, self.within, self.why = None, 0.0, None
        self.steps, self.text = [], ""

    @property
    def is_portable(self):
        """Whether any server with metrics can be asked: no word of this suite's own world."""
        return self.world == "steady" and not re.search(r"parity|^(world|as|within|sar|tokenreview|log|audit|RUN|HOLD|DO)\b(?!: (reader|anonymous))", self.text,
                             re.M)


def split_expectation(line):
    for operator in ("=", "!~", "~", "?", "<"):
        if line == operator or line.startswith(operator + " "):
            return operator, line[len(operator) + 1:]
    word, _, rest = line.partition(" ")
    if word in ("sar", "tokenreview", "log", "audit", "took", "keep"):
        return word, rest
    return None


def parse(path, flavour):
    """The rows of a file, with the expectations of FLAVOUR only."""
    section, world, rows = "", "steady", []
    with open(path) as f:
        paragraphs = re.split(r"\n\s*\n", f.read())
    for paragraph in paragraphs:
        lines = [line for line in paragraph.split("\n") if line.strip() and not line.startswith("#")]
        if not lines:
            continue
        if not lines[0].startswith("row: "):
            for line in lines:
                key, _, value = line.partition(": ")
                if key == "section":
                    section = value
                elif key == "world":
                    world = value
                else:
                    raise RowError(f"{path}: {line!r} is neither a row nor said of all of them")
            continue
        rows.append(parse_row(path, lines, section, world, flavour))
    return rows


def parse_row(path, lines, section, world, flavour):
    row, who, differs = Row(path, section, world), "reader", False
    row.text = "\n".join(lines)
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in FLAVOURS:
            differs = True
            if word != flavour:
                continue
            line = rest
            word, _, rest = line.partition(" ")
        if word == "row:":
            row.title = rest
        elif word == "world:":
            row.world = rest
        elif word == "why:":
            row.why = rest
        elif word == "within:":
            row.within = float(rest.rstrip("s"))
        elif word == "section:":
            row.section = rest
        elif word == "as:":
            who = rest
        elif word in STEPS:
            row.steps.append(Step(word, rest, who))
        elif not row.steps:
            raise RowError(f"{path}: {row.title}: {line!r} comes before the first step")
        elif word == ">":
            name, _, value = rest.partition(": ")
            row.steps[-1].headers.append((name, value))
        elif word == "body:":
            row.steps[-1].body = rest
        else:
            expectation = split_expectation(line)
            if expectation is None:
                raise RowError(f"{path}: {row.title}: what is {line!r}?")
            last = row.steps[-1].expected
            if expectation[0] == "=" and last and last[-1][0] == "=":
                last[-1] = ("=", last[-1][1] + expectation[1])
            else:
                last.append(expectation)
    if differs and not row.why:
        raise RowError(f"{path}: {row.title}: says ours or upstream, but not why")
    if not any(step.expected for step in row.steps):
        raise RowError(f"{path}: {row.title}: expects nothing")
    return row
