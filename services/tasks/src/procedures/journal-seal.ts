import { randomBytes } from "node:crypto";
import { bytesOf, decrypt, encrypt } from "@netconductor/runtime/sealed-form";

/**
 * Seals what the journal keeps of a procedure for the walk: what steps saved and what they wait with hold what devices and APIs answered, secrets
 * among it. The key is the procedure's own and lies sealed beside it, so that its worker, which has no vault, asks for it once and not at every step.
 * A run that begins from another one has the other's key: what it copies of the journal opens as it is.
 */
export interface JournalSeal {
	seal(value: unknown, context: string): Promise<string>;
	/** @throws when it was changed, or sealed for another place */
	open(sealed: string, context: string): Promise<unknown>;
}

/** Of AES-256, as base64. */
export function newJournalKey(): string {
	return randomBytes(32).toString("base64");
}

export function createJournalSeal(journal_key: string): JournalSeal {
	const key = Buffer.from(journal_key, "base64");
	return {
		async seal(value, context) {
			const sealed = await encrypt(key, bytesOf(JSON.stringify(value)), bytesOf(context));
			return Buffer.concat(sealed).toString("base64");
		},
		async open(sealed, context) {
			return JSON.parse((await decrypt(key, Buffer.from(sealed, "base64"), bytesOf(context))).toString("utf8"));
		},
	};
}

/** What is sealed for a step opens for this time of this step alone, in the run that carried it out and in those that begin from that. */
export function journalContext(
	column: "output" | "state",
	{ run_id, carried_from, key }: { run_id: string; carried_from: string | null; key: string },
): string {
	return `run_steps.${column}:${carried_from ?? run_id}/${key}`;
}
