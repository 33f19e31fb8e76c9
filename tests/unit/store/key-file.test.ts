import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../../src/core/errors.ts";
import { addKey, readKeyFile, revokeKey } from "../../../src/store/key-file.ts";
import { openKeyRing } from "../../../src/store/key-ring.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");

function keyFile(content?: string): string {
  const path = join(temporaryFolder(), "data/keys.json");
  if (content !== undefined) {
    mkdirSync(join(path, ".."));
    writeFileSync(path, content);
  }
  return path;
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    const { code, message } = AppError.from(thrown);
    return `${code}: ${message}`;
  }
  return "done";
}

/** A file in a folder where nobody may make one, the superuser included. */
const CLOSED = "/sys/keys.json";

const namesIn = (path: string): readonly string[] => readKeyFile(path).map(({ name }) => name);
const hexOf = (key: string): string => new Bun.CryptoHasher("sha256").update(key).digest("hex");

describe("the file of keys", () => {
  test("has the hash of a key and its end, never the key", () => {
    const path = keyFile();
    const key = addKey(path, "laptop", NOW);
    expect(key).toMatch(/^rl-[\w-]{43}$/);
    const sha256 = hexOf(key);
    expect(readKeyFile(path)).toEqual([{ name: "laptop", sha256, last_four: key.slice(-4), created: "2026-01-02T03:04:05.678Z" }]);
    expect(readFileSync(path, "utf8")).not.toContain(key.slice(3));
  });

  test("is for its owner's eyes, as is a folder made for it, also after a change", () => {
    const path = keyFile();
    const modes = ["a", "b"].map((name) => {
      addKey(path, name, NOW);
      return [statSync(path).mode & 0o777, statSync(join(path, "..")).mode & 0o777];
    });
    expect(modes).toEqual([
      [0o600, 0o700],
      [0o600, 0o700],
    ]);
  });

  test("that cannot be written says why, and who makes keys for the service", () => {
    expect(refusal(() => addKey(CLOSED, "a", NOW))).toMatch(
      /^config_invalid: The file of API keys \/sys\/keys\.json cannot be used: (?:this user may not write there|it is mounted read-only); with the Debian package keys are made with "sudo rockchip-llama keys add <name>"\.$/,
    );
  });

  test("gives no two names the same key, and a name only once", () => {
    const path = keyFile();
    expect(addKey(path, "a", NOW)).not.toBe(addKey(path, "b", NOW));
    expect(refusal(() => addKey(path, "a", NOW))).toBe(
      "config_invalid: a: there is a key of this name already. Revoke it first, or choose another name.",
    );
    expect(namesIn(path)).toEqual(["a", "b"]);
  });

  test.each(["", "-a", "a b", "a\nb", "ä", "a".repeat(65), "../x", "key:a"])("takes no name like %p", (name) => {
    expect(refusal(() => addKey(keyFile(), name, NOW))).toBe(
      `config_invalid: ${name}: a key's name has 1 to 64 letters, digits, dots, dashes and @.`,
    );
  });

  test("leaves the name of the configured key alone", () => {
    expect(refusal(() => addKey(keyFile(), "api_key", NOW))).toStartWith("config_invalid: api_key: this is the name of the key");
  });

  test("loses a key that is revoked, and no other", () => {
    const path = keyFile();
    for (const name of ["a", "b", "c"]) addKey(path, name, NOW);
    revokeKey(path, "b");
    expect(namesIn(path)).toEqual(["a", "c"]);
    expect(refusal(() => revokeKey(path, "b"))).toBe(
      `config_invalid: b: ${path} has no key of this name. \`rockchip-llama keys list\` shows them.`,
    );
  });

  test("is not made where there is nothing to revoke", () => {
    const path = keyFile();
    expect(refusal(() => revokeKey(path, "a"))).toContain("has no key of this name");
    expect(readdirSync(join(path, "../.."))).toEqual([]);
  });

  test("is replaced in one step: whoever had it open goes on reading the old one, and nothing is left beside it", () => {
    const path = keyFile();
    addKey(path, "a", NOW);
    const before = statSync(path).ino;
    addKey(path, "b", NOW);
    expect([statSync(path).ino === before, readdirSync(join(path, ".."))]).toEqual([false, ["keys.json"]]);
  });

  test("is not changed by two programs at once", () => {
    const path = keyFile();
    addKey(path, "a", NOW);
    writeFileSync(`${path}.new`, "");
    expect(refusal(() => addKey(path, "b", NOW))).toBe(
      `config_invalid: The file of API keys ${path} cannot be used: another program is changing it. If there is none, one was ended in the middle: delete ${path}.new.`,
    );
    expect(namesIn(path)).toEqual(["a"]);
  });

  test("that is broken is never written over", () => {
    const path = keyFile("{");
    expect(refusal(() => addKey(path, "a", NOW))).toContain("it is not JSON");
    expect([readFileSync(path, "utf8"), readdirSync(join(path, ".."))]).toEqual(["{", ["keys.json"]]);
  });

  const HASH = "0".repeat(64);
  test.each([
    ["", "it is not JSON"],
    ["{", "it is not JSON"],
    ["null", "it is not what `keys add` writes"],
    ["[]", "it is not what `keys add` writes"],
    ['{"keys":[{"name":"a"}]}', "/keys/0/sha256 is not what `keys add` writes"],
    [JSON.stringify({ keys: [{ name: "a", sha256: "rl-abc", last_four: "abcd", created: "2026-01-02" }] }), "/keys/0/sha256 is not what"],
    [JSON.stringify({ keys: [{ name: "a\n", sha256: HASH, last_four: "abcd", created: "2026-01-02" }] }), "/keys/0/name is not what"],
  ])("with %p in it is refused with the place", (content, why) => {
    const path = keyFile(content);
    const message = refusal(() => readKeyFile(path));
    expect(message).toStartWith(`config_invalid: The file of API keys ${path} cannot be used: ${why}`);
    expect(message).toEndWith("Mend it, or delete it and make the keys anew.");
  });

  test("that everybody may write is refused with the way to mend it", () => {
    const path = keyFile('{"keys":[]}');
    chmodSync(path, 0o666);
    expect(refusal(() => readKeyFile(path))).toBe(
      `config_invalid: The file of API keys ${path} cannot be used: every user of this machine may change it; run: chmod 600 ${path}.`,
    );
  });

  test("may be a folder by mistake, and is named", () => {
    const path = keyFile();
    mkdirSync(path, { recursive: true });
    expect(refusal(() => readKeyFile(path))).toStartWith(`config_invalid: The file of API keys ${path} cannot be used: EISDIR`);
  });
});

describe("a ring of keys", () => {
  function ringOn(path: string, configured: string | null = null) {
    const faults: string[] = [];
    const ring = openKeyRing({ path, configured, onFault: ({ message }) => void faults.push(message) });
    const names = (): readonly string[] => ring.current().map(({ name }) => name);
    return { ring, names, faults };
  }

  test("has the configured key and those of the file", () => {
    const path = keyFile();
    const key = addKey(path, "laptop", NOW);
    const hashes = ringOn(path, "from the environment")
      .ring.current()
      .map(({ name, sha256 }) => [name, Buffer.from(sha256).toString("hex")]);
    expect(hashes).toEqual([
      ["api_key", hexOf("from the environment")],
      ["laptop", hexOf(key)],
    ]);
  });

  test("follows the file: made, changed, deleted", () => {
    const path = keyFile();
    const { names, faults } = ringOn(path);
    const seen = [names()];
    addKey(path, "a", NOW);
    seen.push(names());
    addKey(path, "b", NOW);
    seen.push(names());
    revokeKey(path, "a");
    seen.push(names());
    rmSync(path);
    seen.push(names());
    expect([seen, faults]).toEqual([[[], ["a"], ["a", "b"], ["b"], []], []]);
  });

  test("reads the file only when it is another one", () => {
    const path = keyFile();
    addKey(path, "a", NOW);
    const { ring } = ringOn(path);
    expect(ring.current()).toBe(ring.current());
  });

  test("keeps its keys when the file breaks, says so once, and goes on when it is mended", () => {
    const path = keyFile();
    addKey(path, "a", NOW);
    const good = readFileSync(path);
    const { names, faults } = ringOn(path);
    writeFileSync(path, "{");
    const broken = [names(), names()];
    writeFileSync(path, good);
    expect([broken, names(), faults]).toEqual([
      [["a"], ["a"]],
      ["a"],
      [`The file of API keys ${path} cannot be used: it is not JSON. Mend it, or delete it and make the keys anew.`],
    ]);
  });

  test("does not open on a broken file", () => {
    const path = keyFile("{");
    expect(refusal(() => ringOn(path))).toContain("it is not JSON");
  });
});
