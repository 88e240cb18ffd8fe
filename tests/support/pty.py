"""Drives one program at a pseudo-terminal, by a script, and reports what happened. Standard library only.

Reads a JSON object on standard input, writes one on standard output; `pty.ts` holds the types. The program runs as a
job of a session leader of ours, as under a shell, so that it can be stopped, put into the background and hung up on.
"""

import fcntl
import json
import os
import re
import select
import signal
import struct
import sys
import termios
import time


def leader(plan, tty_name, control_read, report_write, stdout_write):
    """The session leader: starts the job, moves it between foreground and background, reports how it fares."""
    os.setsid()
    tty = -1
    if plan["tty"]:
        tty = os.open(tty_name, os.O_RDWR)
        fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gate_read, gate_write = os.pipe()
    job = os.fork()
    if job == 0:
        job_process(plan, tty, gate_read, (control_read, report_write, gate_write), stdout_write)
    os.setpgid(job, job)
    if tty >= 0 and not plan["background"]:
        os.tcsetpgrp(tty, job)
    os.write(gate_write, b"g")
    os.close(stdout_write)
    os.write(report_write, f"pid {job}\n".encode())
    while True:
        ready, _, _ = select.select([control_read], [], [], 0.02)
        if ready:
            command = os.read(control_read, 1)
            if command == b"":
                os._exit(0)
            target = os.getpgrp() if command == b"b" else job
            try:
                os.tcsetpgrp(tty, target)
                if command == b"f":
                    os.killpg(job, signal.SIGCONT)
            except OSError:
                pass
        pid, status = os.waitpid(job, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            continue
        if os.WIFSTOPPED(status):
            os.write(report_write, f"stopped {os.WSTOPSIG(status)}\n".encode())
            continue
        kind, value = ("signal", os.WTERMSIG(status)) if os.WIFSIGNALED(status) else ("code", os.WEXITSTATUS(status))
        if tty >= 0:
            try:
                os.tcsetpgrp(tty, os.getpgrp())
            except OSError:
                pass
        os.write(report_write, f"{kind} {value}\n".encode())
        # The terminal must outlive the job, so that its flags can be looked at.
        os.read(control_read, 1)
        os._exit(0)


def job_process(plan, tty, gate_read, unwanted, stdout_write):
    os.setpgid(0, 0)
    os.read(gate_read, 1)
    for fd in (gate_read, *unwanted):
        os.close(fd)
    for name in (signal.SIGTTOU, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    stdin = plan["stdin"]
    if stdin == "pipe":
        read, write = os.pipe()
        os.write(write, plan["stdinText"].encode())
        os.close(write)
        os.dup2(read, 0)
    elif stdin == "tty" and tty >= 0:
        os.dup2(tty, 0)
    else:
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(tty if plan["stdout"] == "tty" else stdout_write, 1)
    os.dup2(tty if tty >= 0 else os.open("/dev/null", os.O_WRONLY), 2)
    if stdin == "closed":
        os.close(0)
    for fd in range(3, 64):
        try:
            os.close(fd)
        except OSError:
            pass
    try:
        os.execve(plan["argv"][0], plan["argv"], plan["env"])
    finally:
        os._exit(127)


class Screen:
    """What a terminal of a given size shows: enough of one for text that only moves forward, and it notes all else."""

    def __init__(self, columns):
        self.columns = columns
        self.lines = [[]]
        self.column = 0
        self.other_controls = []

    def feed(self, text):
        position = 0
        while position < len(text):
            match = re.match(r"\x1b\[[0-9;]*m", text[position:])
            if match:
                position += match.end()
                continue
            match = re.match(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)", text[position:], re.S)
            if match:
                self.other_controls.append(match.group(0))
                position += match.end()
                continue
            self.put(text[position])
            position += 1

    def put(self, character):
        if character == "\n":
            self.lines.append([])
            return
        if character == "\r":
            self.column = 0
            return
        if character == "\b":
            self.column = max(0, self.column - 1)
            return
        if ord(character) < 32 or 0x7F <= ord(character) < 0xA0:
            self.other_controls.append(character)
            return
        if self.column >= self.columns:
            self.lines.append([])
            self.column = 0
        line = self.lines[-1]
        line.extend([" "] * (self.column - len(line)))
        line[self.column : self.column + 1] = [character]
        self.column += 1

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines)


class Run:
    """One program from start to end."""

    def __init__(self, plan):
        self.plan = plan
        self.raw = b""
        self.stdout = b""
        self.seen = {"raw": 0, "stdout": 0}
        self.pid = None
        self.exit = None
        self.stops = []
        self.samples = []
        self.reports = b""
        self.deadline = time.monotonic() + plan["timeoutMs"] / 1000
        self.master, slave = os.openpty()
        self.tty_name = os.ttyname(slave)
        self.resize(plan["columns"], plan["rows"])
        control_read, self.control = os.pipe()
        self.report, report_write = os.pipe()
        self.out, stdout_write = os.pipe()
        self.leader = os.fork()
        if self.leader == 0:
            for fd in (self.master, slave, self.control, self.report, self.out):
                os.close(fd)
            leader(plan, self.tty_name, control_read, report_write, stdout_write)
        for fd in (control_read, report_write, stdout_write):
            os.close(fd)
        # Held open: without any open slave the master reads an error, and the flags would be lost.
        self.slave = slave

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds):
        fds = [fd for fd in (self.master, self.out, self.report) if fd is not None]
        ready, _, _ = select.select(fds, [], [], seconds)
        for fd in ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if fd == self.master:
                self.raw += data
            elif fd == self.out:
                self.stdout += data
                if data == b"":
                    self.out = None
            else:
                self.reports += data
                if data == b"":
                    self.report = None
        while b"\n" in self.reports:
            line, self.reports = self.reports.split(b"\n", 1)
            self.reported(*line.decode().split(" "))

    def reported(self, kind, value):
        if kind == "pid":
            self.pid = int(value)
        elif kind == "stopped":
            self.stops.append(int(value))
        else:
            self.exit = {kind: int(value)}

    def until(self, done, limit_ms=None):
        limit = self.deadline if limit_ms is None else time.monotonic() + limit_ms / 1000
        while not done():
            if time.monotonic() > limit:
                return False
            self.pump(0.02)
        return True

    def expect(self, stream, pattern):
        compiled = re.compile(pattern)

        def found():
            text = getattr(self, stream).decode("utf-8", "replace")
            match = compiled.search(text, self.seen[stream])
            if match:
                self.seen[stream] = match.end()
            return match is not None

        return self.until(found)

    def flags(self):
        if self.master is None:
            return None
        local = termios.tcgetattr(self.master)[3]
        return {
            "icanon": bool(local & termios.ICANON),
            "echo": bool(local & termios.ECHO),
            "isig": bool(local & termios.ISIG),
        }

    def step(self, step):
        kind = step["do"]
        if kind == "expect":
            return self.expect("raw", step["pattern"])
        if kind == "expectOut":
            return self.expect("stdout", step["pattern"])
        if kind == "send":
            os.write(self.master, step["text"].encode())
        elif kind == "sendMatch":
            # Types what the screen shows, such as the random word.
            found = re.findall(step["pattern"], self.raw.decode("utf-8", "replace"))
            if not found:
                return False
            os.write(self.master, (found[-1] + step["then"]).encode())
        elif kind == "repeat":
            for _ in range(step["times"]):
                os.write(self.master, step["text"].encode())
                if self.until(lambda: self.exit is not None, step["everyMs"]):
                    break
        elif kind == "resize":
            self.resize(step["columns"], step["rows"])
        elif kind == "signal":
            os.kill(self.pid, getattr(signal, step["name"]))
        elif kind == "foreground":
            os.write(self.control, b"f")
        elif kind == "background":
            os.write(self.control, b"b")
        elif kind == "hangUp":
            os.close(self.slave)
            os.close(self.master)
            self.master = None
        elif kind == "flags":
            self.samples.append(self.flags())
        elif kind == "exit":
            return self.until(lambda: self.exit is not None)
        return True

    def play(self):
        failed = None
        self.until(lambda: self.pid is not None)
        for index, step in enumerate(self.plan["steps"]):
            if not self.step(step):
                failed = {"index": index, "step": step}
                break
        if failed is None and not self.until(lambda: self.exit is not None):
            failed = {"index": len(self.plan["steps"]), "step": {"do": "exit"}}
        if self.exit is None and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.until(lambda: self.exit is not None, 2000)
        self.until(lambda: False, 30)
        flags = self.flags()
        os.close(self.control)
        os.waitpid(self.leader, 0)
        screen = Screen(self.plan["columns"])
        raw = self.raw.decode("utf-8", "replace")
        screen.feed(raw)
        return {
            "raw": raw,
            "screen": screen.text(),
            "otherControls": screen.other_controls,
            "stdout": self.stdout.decode("utf-8", "replace"),
            "exit": self.exit,
            "stops": self.stops,
            "flags": flags,
            "samples": self.samples,
            "failed": failed,
        }


if __name__ == "__main__":
    json.dump(Run(json.load(sys.stdin)).play(), sys.stdout)
