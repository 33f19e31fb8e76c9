/** Versions of the RKLLM toolkit that converts and of the library that opens: a library opens what is no newer than itself. */

/** Below 0 where one is older than the other. Releases alone count: 1.2.1 and its betas are one. */
export function compareToolkits(one: string, other: string): number {
  const figures = (version: string): readonly number[] => (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? "0").split(".").map(Number);
  const others = figures(other);
  return (
    figures(one)
      .map((figure, index) => figure - (others[index] ?? 0))
      .find((difference) => difference !== 0) ?? 0
  );
}

/** Whether a conversion is too new for the library that is installed; unknown versions are given the chance. */
export function needsNewerLibrary(toolkit: string | undefined, runtimeVersion: string | null | undefined): boolean {
  return typeof runtimeVersion === "string" && toolkit !== undefined && compareToolkits(toolkit, runtimeVersion) > 0;
}
