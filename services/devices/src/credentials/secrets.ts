import { sealedContext, type Vault } from "@netconductor/runtime/vault";
import type { SealedColumn } from "@netconductor/runtime/vault-rotation";

/** Fields of a credential that are sealed, each under a context of its own column and row. */
export const secretFields = ["password", "private_key", "passphrase", "enable_password"] as const;
type SecretField = (typeof secretFields)[number];

export type Secrets = { [F in SecretField]?: string | null | undefined };

export const sealedColumns: SealedColumn[] = secretFields.map((column) => ({ table: "credentials", column }));

/** Sealed forms of what is given: null stays null, and what is left out is left out. Call it before opening a transaction. */
export async function sealSecrets(vault: Vault, credential_id: string, given: Secrets): Promise<Secrets> {
	const sealed: Secrets = {};
	for (const field of secretFields) {
		const value = given[field];
		if (value === undefined) continue;
		sealed[field] = value === null ? null : await vault.seal(value, sealedContext("credentials", field, credential_id));
	}
	return sealed;
}

type Sealed = { id: string } & { [F in SecretField]: string | null };

/** The plain secrets of a credential, absent where it has none. */
export async function openSecrets(vault: Vault, credential: Sealed): Promise<{ [F in SecretField]?: string }> {
	const opened: { [F in SecretField]?: string } = {};
	for (const field of secretFields) {
		const sealed = credential[field];
		if (sealed !== null)
			opened[field] = await vault.openText(sealed, sealedContext("credentials", field, credential.id));
	}
	return opened;
}
