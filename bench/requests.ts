/** What the HTTP side costs when no model is in the way. Server and clients share the machine. */
import type { Measurement } from "./measurement.ts";

const REQUESTS = 4000;
const WARM_UP_REQUESTS = 500;
const CONNECTIONS = 16;

export async function measureRequests(url: string): Promise<Measurement[]> {
  await request(`${url}/health`, WARM_UP_REQUESTS);
  const before = performance.now();
  await request(`${url}/health`, REQUESTS);
  const seconds = (performance.now() - before) / 1000;
  return [{ name: `GET /health, ${CONNECTIONS} connections`, value: REQUESTS / seconds, unit: "requests/s" }];
}

async function request(url: string, count: number): Promise<void> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`GET ${url} answered ${response.status}.`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}
