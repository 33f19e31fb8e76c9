"""A socket as systemd's: binds the address of the first argument (@ for an abstract one) and prints each message as a line of JSON."""

import json
import socket
import sys

address = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + address[1:] if address.startswith("@") else address)
print(json.dumps("bound"), flush=True)
while True:
    print(json.dumps(listener.recv(4096).decode()), flush=True)
