"""prompt.py COMMAND... -- types into redis-cli's prompt, through a terminal."""
import os
import pty
import signal
import sys
import termios

PROMPT = b"> "


def until(terminal, text):
    """Reads up to 'text'."""
    def late(*_):
        raise TimeoutError(f"waited for {text}, saw {seen}")
    seen = b""
    signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    while text not in seen:
        seen += os.read(terminal, 1)  # no more: the rest is for the next


child, terminal = pty.fork()
if child == 0:
    termios.tcsetwinsize(0, (24, 200))  # or it would ask the terminal
    os.environ.update(TERM="xterm", HOME=os.getcwd())  # its history goes there
    os.execvp(sys.argv[1], sys.argv[1:])
try:
    until(terminal, PROMPT)
    os.write(terminal, b"set ")
    until(terminal, b"key value")  # the hint, from COMMAND DOCS
    os.write(terminal, b"user:1 \"a b\"\r")
    until(terminal, b"OK\r\n")
    for typed, answer in [(b"get user:1", b'"a b"\r\n'),
                          (b"incr user:2", b"(integer) 1\r\n"),
                          (b"get no", b"(nil)\r\n"),
                          (b"incr user:1", b"(error) ERR value is not an"),
                          (b"multi", b"OK\r\n"),
                          (b"incr user:2", b"QUEUED\r\n"),
                          (b"exec", b"1) (integer) 2\r\n")]:
        until(terminal, PROMPT)
        os.write(terminal, typed + b"\r")
        until(terminal, answer)
    until(terminal, PROMPT)  # what is typed before it may be thrown away
    os.write(terminal, b"quit\r")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
finally:
    os.close(terminal)
print("redis-cli's prompt: ok")
