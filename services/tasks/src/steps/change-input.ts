import { createHash } from "node:crypto";
import { z } from "zod";
import type { StepContext } from "./step.ts";

const Line = z.string().max(10_000);
const mostLines = 200_000;

/** What a device's steps of a change are given. */
const ChangeInput = z.object({
	/** Configuration lines, in the order in which they are sent. */
	lines: z.array(Line).min(1).max(mostLines),
	/** What is to stand in the running configuration once they were sent, and the validation templates that say so. */
	verify: z
		.object({ templates: z.array(z.string().max(200)).max(1_000), lines: z.array(Line).min(1).max(mostLines) })
		.optional(),
});
type ChangeInput = z.output<typeof ChangeInput>;

/** @throws ZodError — the run was started without lines for the device */
export async function changeInput({ input }: Pick<StepContext<unknown>, "input">): Promise<ChangeInput> {
	return ChangeInput.parse(await input());
}

/** Ties what is sent, or looked for afterwards, to what was planned and approved. */
export function hashOfLines(lines: readonly string[]): string {
	return createHash("sha256").update(lines.join("\n")).digest("hex");
}
