/** Keeps a server from being open to other machines by accident. */
import { AppError } from "../../core/errors.ts";
import { isLoopback } from "../origin-policy.ts";

/** What decides who can reach the server, and who is let in. */
export interface Exposure {
  readonly host: string;
  /** How many keys there are. */
  readonly keys: number;
  /** How many networks are allowed. */
  readonly networks: number;
  readonly insecure: boolean;
}

/** Whether everybody who can reach the server may use it, and others than this machine can. */
export function isOpenDoor({ host, keys, networks }: Exposure): boolean {
  return !isLoopback(host) && keys === 0 && networks === 0;
}

/** Throws AppError config_invalid, with the three ways out, for an open door that nobody asked for. */
export function refuseOpenDoor(exposure: Exposure): void {
  if (!isOpenDoor(exposure) || exposure.insecure) return;
  throw new AppError(
    "config_invalid",
    [
      `The server would listen on ${exposure.host}, where other machines reach it, and let everybody in. Choose one of three:`,
      "- keys: rockchip-llama keys add <name>, or the variable ROCKCHIP_LLAMA_API_KEY",
      "- networks that need no key: --allow 192.168.0.0/16",
      "- everybody who reaches it: --insecure",
    ].join("\n"),
  );
}
