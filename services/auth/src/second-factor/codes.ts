import type { Clock } from "@netconductor/runtime/clock";
import type { Database, Tx } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import type { Vault } from "@netconductor/runtime/vault";
import { factorSecretContext, findFactor, takeStep } from "./factor-store.ts";
import { useRecoveryCode } from "./recovery-codes.ts";
import { matchingStep } from "./totp.ts";

interface Needs {
	db: Database;
	vault: Vault;
	clock: Clock;
}

/** Uses a code up in a transaction; false when it was used before. */
export type UseCode = (tx: Tx) => Promise<boolean>;

/**
 * Reads what somebody typed as a code of theirs: of their app, or a recovery code.
 * @throws auth.wrong_code — it is no code of this moment
 */
export async function readCode({ db, vault, clock }: Needs, user_id: string, typed: string): Promise<UseCode> {
	const code = typed.replace(/[\s-]/g, "").toUpperCase();
	const now = clock.now();
	if (!/^[0-9]+$/.test(code)) return (tx) => useRecoveryCode(tx, user_id, code);
	const factor = await findFactor(db.orm, user_id);
	if (factor === undefined) throw wrongCode();
	// Opened before the transaction begins: the vault may ask the database.
	const secret = await vault.openText(factor.secret, factorSecretContext(factor.id));
	const step = matchingStep(secret, code, now);
	if (step === undefined) throw wrongCode();
	return (tx) => takeStep(tx, factor.id, step, now.toISOString());
}

export function wrongCode() {
	return failed("auth.wrong_code", {
		message: "The code is wrong, too old or used already. Wait for the next one, or give a recovery code.",
	});
}
