#!/usr/bin/env python3
"""from_help.py man VERSION EPOCH PROGRAM         the program's manual page, section 1
   from_help.py completion VERSION EPOCH PROGRAM  what bash completes after its name

Made of what the program itself says with --help, so that neither can tell of flags that aren't there. A program with subcommands lists them
under "Commands:", one a line; each has its own --help. What a default owes to this machine (its name) is left out.
"""
import os
import re
import socket
import subprocess
import sys
import time

FLAG = re.compile(r"^ +(?:-(\w), )?--([a-z0-9-]+)(?: (\S+))?(?: {2,}(.*))?$")


class Help:
    """Parts of one --help: the lines of the introduction, groups of flags (name, [(short, name, type, text)]) and commands (name, text)."""

    def __init__(self, command):
        out = subprocess.run(command + ["--help"], check=True, capture_output=True, text=True).stdout
        out = out.replace(f' (default "{socket.gethostname().lower()}")', "")
        self.about, self.usage, self.groups, self.commands = [], [], [], []
        part = self.about
        for line in out.splitlines():
            flag = FLAG.match(line)
            if line.startswith("Usage:"):
                part = self.usage
                if line[6:].strip():
                    part.append(line[6:].strip())
            elif re.match(r"^[A-Z][\w -]*[Ff]lags:$|^Flags:$", line):
                self.groups.append((line[:-1], []))
                part = None
            elif line == "Commands:":
                part = self.commands
            elif part is self.commands and re.match(r"^ +\w+ {2,}", line):
                part.append(tuple(line.split(None, 1)))
            elif flag and self.groups:
                self.groups[-1][1].append(tuple(field or "" for field in flag.groups()))
            elif part is not None and part is not self.commands and line.strip():
                part.append(line.strip())
        if not self.usage or not self.about:
            sys.exit(f"from_help: {' '.join(command)} --help says no usage")

    def flags(self):
        return [flag for _, flags in self.groups for flag in flags]


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\\&" + text if text.startswith((".", "\\(aq")) else text


def flags_section(help_):
    lines = []
    for name, flags in help_.groups:
        if len(help_.groups) > 1:
            lines.append(f'.SS "{roff(name)}"')
        for short, flag, kind, text in flags:
            lines.append(".TP")
            names = ([f"\\fB\\-{short}\\fR"] if short else []) + [f"\\fB\\-\\-{roff(flag)}\\fR"]
            lines.append(", ".join(names) + (f"=\\fI{kind}\\fR" if kind else ""))
            lines.append(roff(text) or "\\&")
    return lines


def manual(version, epoch, program):
    name, help_ = os.path.basename(program), Help([program])
    about = re.sub(rf"^{name}: ", "", " ".join(help_.about))
    short = {"metrics-server": "serves the resource metrics of a Kubernetes cluster", "tacho": "Kubernetes resource metrics on one machine"}[name]
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    lines = [f'.TH {name.upper()} 1 {date} "tacho {version}" "User Commands"', ".SH NAME", f"{roff(name)} \\- {short}", ".SH SYNOPSIS"]
    lines += [f".B {roff(usage)}" for usage in help_.usage]
    lines += [".SH DESCRIPTION", roff(about)]
    if help_.commands:
        lines.append(".SH COMMANDS")
        for command, _ in help_.commands:
            sub = Help([program, command])
            lines += [f'.SS "{name} {command}"', roff(" ".join(sub.about))]
            lines += flags_section(sub)
    else:
        lines.append(".SH OPTIONS")
        lines += flags_section(help_)
    see = {"metrics-server": "tacho", "tacho": "metrics-server"}[name]
    lines += [".SH EXIT STATUS", "0 when it did what it was asked, 1 otherwise; standard error has one line that says why.", ".SH SEE ALSO",
              f".BR {roff(see)} (1),", ".BR kubectl (1)"]
    return "\n".join(lines) + "\n"


def words(help_):
    """Flags that take a value end in "=": the value follows at once."""
    return " ".join(sorted(f"--{name}" + ("=" if kind else "") for _, name, kind, _ in help_.flags()))


def completion(_version, _epoch, program):
    name, help_ = os.path.basename(program), Help([program])
    function = "_" + name.replace("-", "_")
    lines = [f"# bash completion of {name}", f"{function}()", "{"]
    lines += ["    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags=", "    # the value of a flag: those that aren't numbers are mostly files",
              "    if [[ $cur == = || $before == = ]]; then", "        mapfile -t COMPREPLY < <(compgen -f -- \"${cur#=}\")",
              "        compopt -o filenames 2>/dev/null", "        return", "    fi"]
    if help_.commands:
        commands = " ".join(command for command, _ in help_.commands)
        lines += ["    case ${COMP_WORDS[1]} in"]
        lines += [f'    {command}) flags="{words(Help([program, command]))}" ;;' for command, _ in help_.commands]
        lines += ["    esac", "    if [[ $COMP_CWORD == 1 ]]; then", f'        mapfile -t COMPREPLY < <(compgen -W "{commands}" -- "$cur")', "        return", "    fi"]
    else:
        lines += [f'    flags="{words(help_)}"']
    lines += ['    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")', "    [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null", "}",
              f"complete -F {function} {name}"]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("man", "completion"):
        sys.exit(__doc__)
    make = {"man": manual, "completion": completion}[sys.argv[1]]
    sys.stdout.write(make(sys.argv[2], int(sys.argv[3]), sys.argv[4]))


main()
