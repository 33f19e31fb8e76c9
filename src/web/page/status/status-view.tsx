/** How the server is doing. */
export function StatusView() {
  return (
    <main class="status" id="main" tabIndex={-1}>
      <h1>Status</h1>
    </main>
  );
}
