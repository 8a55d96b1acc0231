# SPDX-License-Identifier: Apache-2.0
"""Servers that no tool offers, for the tests that connect: one connection after the other, in a thread each.

peer.py silent             accepts and never says a word
peer.py plain              says something that is not TLS
peer.py empty              records of TLS with nothing in them, without end
peer.py deaf               SMTP that offers no STARTTLS and says nothing when it is asked for it
peer.py smtp CERT KEY      STARTTLS of SMTP (RFC 3207)
peer.py sni CERT KEY NAME CERT2 KEY2   the second certificate for whoever asks for NAME
"""
import socket
import ssl
import sys
import threading
import time


def context(cert, key):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(cert, key)
    return made


def silent(connection):
    time.sleep(300)


def plain(connection):
    connection.recv(1024)
    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n<p>speak plainly</p>\n")


def empty(connection):
    connection.recv(1024)
    while True:
        connection.sendall(b"\x16\x03\x03\0\0" * 100)


def deaf(connection):
    connection.sendall(b"220 mx.example.com ESMTP\r\n")
    connection.recv(1024)
    connection.sendall(b"250-mx.example.com\r\n250 PIPELINING\r\n")
    time.sleep(300)


def smtp(connection):
    lines = connection.makefile("rb")
    connection.sendall(b"220 mx.example.com ESMTP\r\n")
    while True:
        line = lines.readline().strip().upper()
        if line.startswith(b"EHLO"):
            connection.sendall(b"250-mx.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
        elif line == b"STARTTLS":
            connection.sendall(b"220 2.0.0 go ahead\r\n")
            handshake(connection, context(*sys.argv[2:4]))
            return
        else:
            connection.sendall(b"502 5.5.2 what?\r\n")
            if not line:
                return


def sni(connection):
    first, second = context(*sys.argv[2:4]), context(*sys.argv[5:7])

    def named(sock, name, _):
        if name == sys.argv[4]:
            sock.context = second

    first.sni_callback = named
    handshake(connection, first)


def handshake(connection, made):
    try:
        with made.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)
    except OSError:
        pass


def run(serve, connection):
    with connection:
        try:
            serve(connection)
        except OSError:
            pass


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(listener.getsockname()[1], flush=True)
serve = {"silent": silent, "plain": plain, "empty": empty, "deaf": deaf, "smtp": smtp, "sni": sni}[sys.argv[1]]
while True:
    threading.Thread(target=run, args=(serve, listener.accept()[0]), daemon=True).start()
