/** The fields that every object of a reply begins with. */
import type { ModelDescriptor } from "../../core/model.ts";
import type { ApiContext, RequestScope } from "../context.ts";

/** What all objects of one reply have in common. */
export interface AnswerHeading {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

/** Changes when the model's file or this program does, as far as can be told without reading the file. */
function fingerprint(context: ApiContext, model: ModelDescriptor): string {
  const facts = [context.version, model.id, model.bytes, model.modifiedMs].join("\n");
  return `fp_${new Bun.CryptoHasher("sha256").update(facts).digest("hex").slice(0, 10)}`;
}

/** Answers carry the request's id, so that a reply can be found in the log. */
export function answerHeading(context: ApiContext, scope: RequestScope, prefix: string, model: ModelDescriptor): AnswerHeading {
  return {
    id: `${prefix}-${scope.id}`,
    created: Math.floor(scope.startedMs / 1000),
    model: model.id,
    system_fingerprint: fingerprint(context, model),
  };
}
