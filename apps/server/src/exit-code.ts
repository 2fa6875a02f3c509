import { isAppError } from "@netconductor/runtime/errors";

/** Of a start that only a person can have end otherwise (`EX_CONFIG`): whoever keeps processes running starts it no more. */
const needsPerson = 78;

/** Of a wrong command line, and of what only a person mends. */
export const refusals: readonly number[] = [2, needsPerson];

const mendedByPerson: ReadonlySet<string> = new Set([
	"startup.config_invalid",
	"startup.master_key_invalid",
	"startup.master_key_missing",
	"startup.master_key_wrong",
	"startup.worker_keys_invalid",
	"startup.not_postgresql",
	"startup.schema_too_new",
	"startup.migration_changed",
	"startup.restore_unfinished",
]);

/** What `serve` ends with when this keeps it from running. */
export function exitCodeOf(error: unknown): number {
	return isAppError(error) && mendedByPerson.has(error.code) ? needsPerson : 1;
}
