import { randomBytes } from "node:crypto";
import type { Tx } from "@netconductor/runtime/db/database";
import { and, eq } from "drizzle-orm";
import { secretHash } from "../secrets.ts";
import { recoveryCodes } from "../tables.ts";
import { base32 } from "./totp.ts";

const count = 10;
/** 80 bits, so that a plain hash of one tells nothing: `ABCD-EFGH-IJKL-MNOP`. */
const code_bytes = 10;

/** Ten new codes in the place of those there were. Only their hashes are kept. */
export async function replaceRecoveryCodes(tx: Tx, user_id: string): Promise<string[]> {
	const codes = Array.from({ length: count }, () => base32(randomBytes(code_bytes)));
	await tx.delete(recoveryCodes).where(eq(recoveryCodes.user_id, user_id));
	await tx.insert(recoveryCodes).values(codes.map((code) => ({ user_id, hash: secretHash(code) })));
	return codes.map((code) => code.match(/.{4}/g)?.join("-") ?? code);
}

/** Uses a code up. False when it is none, or was used before. */
export async function useRecoveryCode(tx: Tx, user_id: string, code: string): Promise<boolean> {
	const used = await tx
		.delete(recoveryCodes)
		.where(and(eq(recoveryCodes.user_id, user_id), eq(recoveryCodes.hash, secretHash(code))))
		.returning({ user_id: recoveryCodes.user_id });
	return used.length > 0;
}
