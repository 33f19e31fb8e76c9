/** Messages to a unix datagram socket: systemd listens on one, and neither Bun's nor Node's interfaces can send to it. */
import { dlopen, ptr } from "bun:ffi";
import { AppError } from "../../core/errors.ts";

// source: the C library's headers for Linux, the same numbers on x86-64 and arm64
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
/** MSG_DONTWAIT and MSG_NOSIGNAL: a receiver that does not read must not hold the event loop. */
const SEND_FLAGS = 0x4040;
/** What sockaddr_un has for a path, its closing zero included. */
const PATH_BYTES_MAX = 108;

const FUNCTIONS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
} as const;

/** Sends one message; false where the system did not take it. */
export type SendDatagram = (message: string) => boolean;

/**
 * A way to send to the socket of that address, which need not be there yet: a path, or a name behind `@` for an abstract socket.
 * Throws AppError config_invalid for an address that is none.
 */
export function openDatagram(address: string): SendDatagram {
  const to = socketAddress(address);
  const { symbols } = dlopen("libc.so.6", FUNCTIONS);
  const socket = symbols.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (socket < 0) throw new AppError("config_invalid", "The system gives no unix datagram socket.");
  return (message) => {
    const bytes = Buffer.from(message);
    return Number(symbols.sendto(socket, ptr(bytes), bytes.byteLength, SEND_FLAGS, ptr(to), to.byteLength)) === bytes.byteLength;
  };
}

/** struct sockaddr_un, as long as it counts: an abstract name begins with a zero and has none at its end. */
function socketAddress(address: string): Uint8Array {
  const isAbstract = address.startsWith("@");
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (!(isAbstract || address.startsWith("/")) || path.byteLength > PATH_BYTES_MAX || path.byteLength < 2) {
    throw new AppError("config_invalid", `${address} is no address of a unix socket: give an absolute path, or a name behind @.`);
  }
  const family = new Uint8Array(Uint16Array.of(AF_UNIX).buffer);
  return Buffer.concat([family, path]);
}
