/** The flags that single commands have beside those of the configuration, in Ollama's words where Ollama has them. */

/** A flag that one command alone has. */
export interface CommandFlag {
  readonly flag: string;
  /** One letter that stands for it: `-f`. */
  readonly short?: string;
  /** "" on a switch. */
  readonly placeholder: string;
  /** Completes "it takes …"; absent on a switch. */
  readonly takes?: string;
  /** Its value may be left out, and then counts as "": `--think`, `--think=high`. */
  readonly optional?: true;
  /** One plain sentence. */
  readonly about: string;
}

/** What programs read in place of what people read. */
export const JSON_FLAG: CommandFlag = { flag: "--json", placeholder: "", about: "Prints JSON, errors too." };

/** Of `pull`. */
export const PULL_FLAGS: readonly CommandFlag[] = [
  { flag: "--sha256", placeholder: "digits", takes: "64 hexadecimal digits", about: "SHA-256 that the weights have to have." },
  { flag: "--name", placeholder: "name", takes: "a name", about: "Name for the model, in place of the one from its file's name." },
  {
    flag: "--tokenizer",
    placeholder: "owner/repo",
    takes: "a repository",
    about: "Repository of the original model, for the tokenizer and the chat template where the weights' own has none.",
  },
  {
    flag: "--json",
    placeholder: "",
    about: "Prints progress as lines of JSON, as Ollama streams it, and the error, if any, as the last of them.",
  },
];

/** Of `doctor`. */
export const DOCTOR_FLAGS: readonly CommandFlag[] = [
  { flag: "--json", placeholder: "", about: "Prints the findings as JSON." },
  {
    flag: "--probe",
    placeholder: "model",
    takes: "the name of a model",
    about:
      "Asks the runtime library in place of all else how it behaves with that model, each question in a process of its own, and keeps the " +
      "answers for the server. Takes minutes; no server should have the model open meanwhile.",
  },
  {
    flag: "--report",
    placeholder: "file",
    takes: "the path of a file",
    about: "With --probe: where the report goes, as JSON where the name ends with .json, else as Markdown.",
  },
  { flag: "--config", placeholder: "", about: "Adds every key of the configuration, its value, and where that comes from." },
];

/** Of `bench`. */
export const BENCH_FLAGS: readonly CommandFlag[] = [
  { flag: "--prompt-tokens", placeholder: "counts", takes: "counts", about: "Lengths of the prompts, in tokens. (default: 128,512)" },
  { flag: "--output-tokens", placeholder: "count", takes: "a count", about: "Most tokens of an answer. (default: 64)" },
  { flag: "--concurrency", placeholder: "counts", takes: "counts", about: "Numbers of clients that ask at once. (default: 1,4)" },
  {
    flag: "--repeats",
    placeholder: "count",
    takes: "a count",
    about: "How often each measurement is taken, after one to warm up. (default: 5)",
  },
  { flag: "--json", placeholder: "", about: "Prints the report as JSON." },
  { flag: "--compare", placeholder: "", about: "Measures nothing: compares two reports of --json, whose files are the arguments." },
];

/** Of `run`. */
export const RUN_FLAGS: readonly CommandFlag[] = [
  { flag: "--verbose", placeholder: "", about: "Shows after each answer how long it took." },
  {
    flag: "--format",
    placeholder: "json|schema",
    takes: "json, a JSON Schema, or the path of a file that holds one",
    about: "Form of the answer: any JSON object, or JSON that fits a schema, which is given as JSON or as a file.",
  },
  {
    flag: "--think",
    placeholder: "level",
    takes: "true, false, low, medium, high or max",
    optional: true,
    about: "Lets a thinking model think, or with --think=false answer at once.",
  },
  { flag: "--hidethinking", placeholder: "", about: "Does not show what the model thinks." },
  {
    flag: "--keepalive",
    placeholder: "duration",
    takes: "a duration such as 10m",
    about: "How long the model stays loaded after the last answer: 10m, 1h30m, 0 to unload it, -1 to keep it.",
  },
  { flag: "--nowordwrap", placeholder: "", about: "Does not break lines between words." },
  { flag: "--system", placeholder: "text", takes: "a text", about: "System message: who the model is to be." },
  {
    flag: "--dimensions",
    placeholder: "number",
    takes: "a whole number",
    about: "Length of the vector, of an embedding model that can shorten it.",
  },
  {
    flag: "--truncate",
    placeholder: "bool",
    takes: "true or false",
    optional: true,
    about: "With --truncate=false a text that is too long for an embedding model is refused, not cut.",
  },
  { flag: "--json", placeholder: "", about: "Prints the whole answer as one JSON object; it needs a prompt." },
];

/** Of `show`. */
export const SHOW_FLAGS: readonly CommandFlag[] = [
  { flag: "--license", placeholder: "", about: "Prints the licence alone." },
  { flag: "--modelfile", placeholder: "", about: "Prints a Modelfile that makes the model anew." },
  { flag: "--parameters", placeholder: "", about: "Prints the parameters alone." },
  { flag: "--system", placeholder: "", about: "Prints the system message alone." },
  { flag: "--template", placeholder: "", about: "Prints the chat template alone." },
  { flag: "--verbose", short: "-v", placeholder: "", about: "Adds the file's metadata and tensors." },
  JSON_FLAG,
];

/** Of `create`. */
export const CREATE_FLAGS: readonly CommandFlag[] = [
  {
    flag: "--file",
    short: "-f",
    placeholder: "path",
    takes: "the path of a Modelfile, or - for the standard input",
    about: "Modelfile to make it from; - reads the standard input. (default: Modelfile)",
  },
  JSON_FLAG,
];
