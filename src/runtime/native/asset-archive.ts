/**
 * The archive of native files inside the compiled binary: a table of contents and the files' bytes, compressed as one zstd
 * stream, because the builds of one library for a dozen processors have most of their bytes in common (23 MB become 3.5).
 *
 *     u32 length of the table, little endian | the table as JSON: [{ path, bytes }] | the files, one after the other
 */
import { zstdDecompress } from "bun";
import { assert } from "../../core/errors.ts";

/** One file of an archive. `path` is relative, with forward slashes. */
export interface AssetFile {
  readonly path: string;
  readonly content: Uint8Array;
}

const LENGTH_BYTES = 4;

/** A table entry, as it stands in the archive. */
interface AssetEntry {
  readonly path: string;
  readonly bytes: number;
}

/** The archive of these files, in their order: neighbours compress best when they are alike. */
export function packAssets(files: readonly AssetFile[], zstdLevel: number): Uint8Array<ArrayBuffer> {
  const entries: AssetEntry[] = files.map(({ path, content }) => ({ path, bytes: content.byteLength }));
  const table = new TextEncoder().encode(JSON.stringify(entries));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, table.byteLength, true);
  const packed = Buffer.concat([length, table, ...files.map(({ content }) => content)]);
  return new Uint8Array(Bun.zstdCompressSync(packed, { level: zstdLevel }));
}

/** The files of an archive. What it holds was written by `packAssets` at build time, so anything odd is a broken invariant. */
export async function unpackAssets(archive: Uint8Array<ArrayBuffer>): Promise<AssetFile[]> {
  const packed = new Uint8Array(await zstdDecompress(archive));
  const tableBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  let offset = LENGTH_BYTES + tableBytes;
  const entries = JSON.parse(new TextDecoder().decode(packed.subarray(LENGTH_BYTES, offset))) as readonly AssetEntry[];
  const files = entries.map(({ path, bytes }) => {
    assert(!path.startsWith("/") && !path.split("/").includes(".."), `asset path ${path} stays inside its folder`);
    const content = packed.subarray(offset, (offset += bytes));
    assert(content.byteLength === bytes, `asset ${path} is complete`);
    return { path, content };
  });
  assert(offset === packed.byteLength, "the asset archive ends with its last file");
  return files;
}
