/**
 * Resolves when the work is done, whatever comes of it; once the signal has fired, after so long at the latest, while the work goes on.
 * @param over nothing of the work is worth waiting long for any more
 */
export async function patiently(work: Promise<unknown>, over: AbortSignal, msMax: number): Promise<void> {
  const enough = Promise.withResolvers<void>();
  let timer: Timer | undefined;
  const hurry = (): void => {
    timer = setTimeout(enough.resolve, msMax);
  };
  if (over.aborted) hurry();
  else over.addEventListener("abort", hurry, { once: true });
  await Promise.race([work.catch(() => {}), enough.promise]);
  over.removeEventListener("abort", hurry);
  clearTimeout(timer);
}
