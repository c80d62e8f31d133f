#!/usr/bin/env python3
"""tcp_proxy.py FILE   a TCP proxy on a free port of 127.0.0.1, as a Service or a network in the way is.

FILE holds the addresses that new connections are led to, one HOST:PORT a line, in turn; it is read anew for each connection. While
it is empty new connections are reset, and those that are open are cut off. Prints the port and serves until it is ended.
"""
import asyncio, socket, struct, sys

path = sys.argv[1]
turn = 0
open_writers = set()


def backends():
    with open(path) as f:
        return f.read().split()


def reset(writer):
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (OSError, RuntimeError):
        writer.transport.abort()


async def serve(reader, writer):
    global turn
    to = backends()
    if not to:
        reset(writer)
        return
    turn += 1
    host, port = to[turn % len(to)].rsplit(":", 1)
    try:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
    except OSError:
        reset(writer)
        return
    pair = {writer, far_writer}
    open_writers.update(pair)
    await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
    open_writers.difference_update(pair)
    writer.close()
    far_writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    while True:
        await asyncio.sleep(0.1)
        if not backends():
            for writer in list(open_writers):
                reset(writer)


asyncio.run(main())
