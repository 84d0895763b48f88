#!/usr/bin/env python3
"""loading.py SERVER -- what clients hear while a log is loaded, and a signal
then. The log is so long that there is time to ask."""
import os
import signal
import socket
import subprocess
import sys

from server import Connection, Server, Sums, directory, wait_for

RECORDS = 1_500_000


def write_log(path):
    with open(path, "wb") as log:
        for i in range(RECORDS):
            log.write(b"*3\r\n$3\r\nSET\r\n$11\r\nkey:%07d\r\n$1\r\nx\r\n" % i)


def ask(port, *words):
    """By redis-lite-cli's protocol, without the questions that a driver asks."""
    client = Connection(port, asks_id=False)
    try:
        return client.ask([word.encode() for word in words])[0]
    finally:
        client.socket.close()


def start(program, folder, port):
    server = Server(program, folder, ["--port", str(port)])
    server.process = subprocess.Popen(
        [server.program, "--port", str(port), "--dir", server.data],
        stdin=subprocess.DEVNULL, stderr=open(os.path.join(folder, "output"), "wb"))
    server.port = port

    def is_loading():
        try:
            return ask(port, "PING").startswith(b"-LOADING")
        except OSError:
            return False
    return server, wait_for(is_loading)


def main():
    sums = Sums()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with directory("loading") as folder:
        path = os.path.join(folder, "data", "appendonly.aof")
        os.makedirs(os.path.dirname(path))
        write_log(path)
        size = os.path.getsize(path)
        server, loads = start(sys.argv[1], folder, port)
        sums.add(loads, "PING while loading: -LOADING")
        sums.add(ask(port, "SET", "a", "b").startswith(b"-LOADING"), "SET: likewise")
        info = ask(port, "INFO", "persistence")
        sums.add(b"loading:1" in info and b"loading_total_bytes:%d" % size in info, "INFO tells")
        sums.add(ask(port, "CONFIG", "GET", "port").startswith(b"*2"), "CONFIG GET is answered")
        server.process.send_signal(signal.SIGTERM)
        sums.add(server.wait() == 0 and os.path.getsize(path) == size,
                 "SIGTERM ends it, and leaves the file")
        server.kill()
        server, loads = start(sys.argv[1], folder, port)
        ask(port, "SELECT", "3")
        good = wait_for(lambda: ask(port, "DBSIZE") == b":%d\r\n" % RECORDS)
        sums.add(loads and good, "all of it is there in the end, whoever selects meanwhile")
        server.kill()
    sums.end()


main()
