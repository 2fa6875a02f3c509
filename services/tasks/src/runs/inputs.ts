import type { Plan, TargetInput } from "@netconductor/contracts/tasks/model";
import { newId } from "@netconductor/runtime/id";
import type { Vault } from "@netconductor/runtime/vault";
import { sealedContext } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";
import type { z } from "zod";
import type { SealedInput } from "./run-store.ts";

type Input = z.output<typeof TargetInput>;

export const sealedInputs: SealedColumn = { table: "inputs", column: "sealed" };

/** Seals what the steps on each device are given. Call it before opening a transaction. */
export async function sealInputs(vault: Vault, targets: Plan["targets"]): Promise<SealedInput[]> {
	const sealed: SealedInput[] = [];
	for (const { device_id, input } of targets) {
		if (input === undefined) continue;
		const id = newId();
		sealed.push({
			id,
			device_id,
			sealed: await vault.seal(JSON.stringify(input), sealedContext("inputs", "sealed", id)),
		});
	}
	return sealed;
}

/** @throws vault.cannot_open */
export async function openInput(vault: Vault, { id, sealed }: SealedInput): Promise<Input> {
	return JSON.parse(await vault.openText(sealed, sealedContext("inputs", "sealed", id)));
}
