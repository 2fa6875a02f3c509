import type { OperationError } from "@netconductor/contracts/tasks/model";
import { toAppError } from "@netconductor/runtime/errors";

/** What is stored and shown of an error. An unexpected one says nothing of its inside. */
export function toOperationError(thrown: unknown): OperationError {
	const { code, message, phase, details } = toAppError(thrown);
	return { code, message, ...(phase && { phase }), ...(details && { details }) };
}
