import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Where a test run tells of a data folder on which the product was started before. */
export const startedVariable = "NETCONDUCTOR_E2E_STARTED";

/**
 * A new data folder: a copy of one on which the product was started once, which spares it making the cluster, the tables and the first user. Empty
 * outside a test run, and for the first product of one. Copies share their master key and signing keys, and nothing that runs.
 */
export async function copyOfStart(): Promise<string> {
	const folder = newFolder();
	const address = process.env[startedVariable];
	if (address === undefined) return folder;
	const answer = await fetch(address);
	const text = await answer.text();
	if (!answer.ok) throw new Error(`The data folder of the test run: ${text}`);
	// With its owners: PostgreSQL's is another than ours.
	if (text !== "") await promisify(execFile)("cp", ["-a", `${text}/.`, folder]);
	return folder;
}

export function newFolder(): string {
	return mkdtempSync(join(tmpdir(), "netconductor-e2e-"));
}

/** Settings that a first start writes into what it makes, or by which what it made is not the product's. */
const writtenAtStart = /^(NETCONDUCTOR_(ADMIN_PASSWORD|MASTER_KEY\w*|DATA_DIR)|(\w+_)?DATABASE_URL)$/;

/** Whether a product with these settings would have made the same at its first start. */
export function startsAlike(env: Readonly<Record<string, string>>): boolean {
	return !Object.keys(env).some((name) => writtenAtStart.test(name));
}
