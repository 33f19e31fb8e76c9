/** The `keys` command: makes, lists and revokes API keys. */
import { openConfiguredKeys } from "../app.ts";
import type { ServerConfig } from "../config/server-schema.ts";
import { AppError } from "../core/errors.ts";
import { alignedLines } from "./aligned-lines.ts";

/** Runs `keys <words>`. @returns the exit status 0. Throws AppError config_invalid for what cannot be done. */
export function keysCommand([verb = "", name]: readonly string[], config: Pick<ServerConfig, "keys_file">, json = false): number {
  const keys = openConfiguredKeys(config);
  if (verb === "list" && name === undefined) {
    const known = keys.list();
    const told = known.map((key) => ({ name: key.name, created: key.created, last_four: key.last_four }));
    const rows = known.map((key) => [key.name, key.created.slice(0, 10), `…${key.last_four}`]);
    const none = "There is no API key. Make one with: rockchip-llama keys add <name>";
    const text = rows.length === 0 ? none : alignedLines([["NAME", "CREATED", "KEY"], ...rows]).join("\n");
    console.log(json ? JSON.stringify({ keys: told }) : text);
    return 0;
  }
  if (verb === "add" && name !== undefined) {
    const key = keys.add(name);
    // The key alone on the standard output, for scripts.
    console.log(json ? JSON.stringify({ name, key }) : key);
    console.error(`This is the key of ${name}. It is shown this once; ${keys.path} has only its hash.`);
    return 0;
  }
  if (verb === "revoke" && name !== undefined) {
    keys.revoke(name);
    console.log(json ? JSON.stringify({ revoked: name }) : `The key of ${name} is revoked.`);
    return 0;
  }
  throw new AppError("config_invalid", "This is how: rockchip-llama keys add <name>, keys list, keys revoke <name>.");
}
