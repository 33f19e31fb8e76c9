/** What doctor finds: first what wants doing, the rest folded. */
import { Panel } from "./panel.tsx";
import type { Finding, Level, ServerStatus } from "./server-status.ts";

const SAID: Readonly<Record<Level, string>> = { ok: "fine", warning: "warning", failure: "failure" };
const BADGES: Readonly<Record<Level, string>> = { ok: "badge good", warning: "badge warn", failure: "badge bad" };

/** The findings by section. */
export function DoctorPanel({ status: { doctor } }: { readonly status: ServerStatus }) {
  const wanting = doctor.sections.flatMap(({ findings }) => findings.filter(({ level }) => level !== "ok"));
  return (
    <Panel title="Doctor">
      <p>
        <span class={BADGES[doctor.level]}>{SAID[doctor.level]}</span>{" "}
        <span class="hint">checked at {new Date(doctor.checked_at).toLocaleTimeString()}</span>
      </p>
      <Findings findings={wanting} />
      <details>
        <summary>All checks</summary>
        {doctor.sections.map(({ title, findings }) => (
          <section key={title}>
            <h3>{title}</h3>
            <Findings findings={findings} />
          </section>
        ))}
      </details>
    </Panel>
  );
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul class="rows">
      {findings.map(({ check, level, text, fix }) => (
        <li key={check}>
          <p>
            <span class={BADGES[level]}>{SAID[level]}</span> {text}
          </p>
          {fix !== null && <p class="hint">{fix}</p>}
        </li>
      ))}
    </ul>
  );
}
