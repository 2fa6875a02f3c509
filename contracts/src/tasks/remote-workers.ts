/**
 * What a worker may call that holds keys of its pool alone: to reach its devices, to record what came of it, and what procedures wait for. Nothing on
 * behalf of a person: it would say itself who that is.
 */
const callsOfRemoteWorkers: Readonly<Record<string, readonly string[]>> = {
	devices: ["revealConnection", "recordHostKey", "listWorkerPools"],
	backup: ["recordBackup", "readCurrent"],
	tasks: ["revealInput", "revealProcedure", "keepUndo", "revealUndo", "getRun"],
	alerts: ["requestApproval", "getApprovalState", "getApproval", "startApproved"],
	scheduling: ["findHold"],
};

export function isForRemoteWorkers(service: string, operation: string): boolean {
	return Object.hasOwn(callsOfRemoteWorkers, service) && (callsOfRemoteWorkers[service]?.includes(operation) ?? false);
}
