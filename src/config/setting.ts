/** One key of the configuration: a kind of value, a default, and what there is to say about it. */
import { type TSchema, type TUnsafe, Type } from "@sinclair/typebox";
import type { ValueType } from "./value-type.ts";

/** Another program's variable that sets a key when our own does not. */
export interface Alias {
  readonly name: string;
  /** What the variable's text means for this key, in our own spelling; undefined when it says nothing about it. Absent: the text itself. */
  readonly pick?: (text: string) => string | undefined;
  /** What differs from our own variable, as a clause for the docs. */
  readonly note?: string;
}

/** What is said of a key beside its type and default. */
export interface SettingNotes {
  /** Heading the key stands under in --help and in the docs. */
  readonly group: string;
  /** One plain sentence. */
  readonly about: string;
  readonly aliases?: readonly Alias[];
  /** Never read from a file, never shown. */
  readonly secret?: boolean;
}

/** One key of the configuration: its type, its default, and what is said of it. */
export interface Setting extends SettingNotes {
  readonly type: ValueType<unknown>;
  /** As a file would spell it. */
  readonly initial: unknown;
}

/** A schema property that carries its setting. Its static type is what the program works with, not what a file holds. */
export function setting<T>(type: ValueType<T>, initial: unknown, notes: SettingNotes): TUnsafe<T> {
  const own: Setting = { ...notes, type, initial };
  return Type.Unsafe<T>({ ...type.schema, default: initial, description: notes.about, setting: own });
}

/** The setting a schema property was made with. */
export function settingOf(property: TSchema): Setting {
  return property["setting"] as Setting;
}
