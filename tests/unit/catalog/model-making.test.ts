import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobStore } from "../../../src/catalog/blob-store.ts";
import { placeModel } from "../../../src/catalog/model-making.ts";
import { recipeFiles } from "../../../src/catalog/recipe-files.ts";
import { refusal } from "../../support/models-folder.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "model-making-"));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const DAMAGED = "GGUF and then nothing that makes sense";
const DIGEST = new Bun.CryptoHasher("sha256").update(DAMAGED).digest("hex");

async function uploaded(): Promise<BlobStore> {
  const blobs = new BlobStore(dir);
  const body = (async function* () {
    yield new TextEncoder().encode(DAMAGED);
  })();
  await blobs.put(DIGEST, body, DAMAGED.length, new AbortController().signal);
  return blobs;
}

test("uploaded weights that are refused leave nothing behind but the upload", async () => {
  const blobs = await uploaded();
  const files = await recipeFiles({ files: { "x.gguf": `sha256:${DIGEST}` }, adapters: {} }, blobs, "x");
  const [code] = await refusal(placeModel(dir, "x", files, { file: "x.gguf" }, async () => {}));
  expect([code, await readdir(dir)]).toEqual(["invalid_request", [".blobs"]]);
});

test.each(["x-00001-of-00999.gguf", "x-00002-of-00003.gguf", "mmproj-x.gguf", "x_lora.gguf"])(
  "weights are not called %s: the catalog would not list them",
  async (name) => {
    const recipe = recipeFiles({ files: { [name]: `sha256:${DIGEST}` }, adapters: {} }, await uploaded(), "x");
    expect(await refusal(recipe)).toEqual(["invalid_request", `"${name}" is not the name of a whole model's weights. Choose another.`]);
  },
);

test("a model is not made of any number of files", async () => {
  const files = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`${index}.gguf`, `sha256:${DIGEST}`]));
  expect(await refusal(recipeFiles({ files, adapters: {} }, await uploaded(), "x"))).toEqual([
    "invalid_request",
    '"files" has more than 16 entries.',
  ]);
});
