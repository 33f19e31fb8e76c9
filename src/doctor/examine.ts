/** The whole examination. */
import { type Board, boardFindings, readBoard } from "./board.ts";
import { clockFindings } from "./clocks.ts";
import { driverFindings } from "./driver.ts";
import { type Finding, type Report, reportOf, type Section } from "./finding.ts";
import { type Folders, folderFindings } from "./folders.ts";
import { libraryFindings, type LibrarySearch } from "./library.ts";
import { machineFindings, readMemory } from "./machine.ts";
import { modelFindings, type ModelPlan } from "./models.ts";
import { type Listening, networkFindings, type TryPort } from "./network.ts";
import type { Root } from "./root.ts";

/** The machine, and what this installation is configured to do with it. */
export interface Patient {
  readonly root: Root;
  /** Whom device nodes have to be open to. */
  readonly user: string;
  readonly libraries: LibrarySearch;
  readonly folders: Folders;
  readonly plan: ModelPlan;
  readonly listening: Listening;
  readonly tries: TryPort;
  /** What was found about the configuration itself. */
  readonly configuration: readonly Finding[];
}

/** The checks of the machine itself, which cost next to nothing: those that a server may repeat while it works. */
export function examineMachine(root: Root, user: string): Report {
  return reportOf(machineSections(root, readBoard(root), user));
}

function machineSections(root: Root, board: Board, user: string): readonly [Section, Section, Section, Section] {
  return [
    { title: "Board", findings: boardFindings(board) },
    { title: "NPU", findings: driverFindings(root, board, user) },
    { title: "Machine", findings: machineFindings(root) },
    { title: "Speed", findings: clockFindings(root) },
  ];
}

/** Runs every check; none changes anything, loads a model or goes over the network. */
export function examine(patient: Patient): Report {
  const { root } = patient;
  const board = readBoard(root);
  const [itself, npu, machine, speed] = machineSections(root, board, patient.user);
  return reportOf([
    itself,
    npu,
    { title: "Runtime", findings: libraryFindings(root, board, patient.libraries) },
    machine,
    speed,
    { title: "Folders", findings: folderFindings(root, patient.folders, { user: patient.user, board }) },
    { title: "Models", findings: modelFindings(patient.plan, board, readMemory(root)) },
    { title: "Network", findings: networkFindings(patient.listening, patient.tries) },
    { title: "Configuration", findings: patient.configuration },
  ]);
}
