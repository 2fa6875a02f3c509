import { createHash } from "node:crypto";
import { z } from "zod";
import type { StepContext } from "./step.ts";

/** What a device's steps of a change are given: configuration lines, in the order in which they are sent. */
const ChangeInput = z.object({ lines: z.array(z.string().max(10_000)).min(1).max(200_000) });

/** @throws ZodError — the run was started without lines for the device */
export async function linesOf({ input }: Pick<StepContext<unknown>, "input">): Promise<string[]> {
	return ChangeInput.parse(await input()).lines;
}

/** Ties what is sent to what was planned and approved. */
export function hashOfLines(lines: readonly string[]): string {
	return createHash("sha256").update(lines.join("\n")).digest("hex");
}
