import { defineErrors } from "../kernel/errors.ts";

export const systemErrors = defineErrors({
	"system.no_lab": { kind: "conflict", title: "This installation comes without the simulator" },
	"system.no_simulated_network": { kind: "not_found", title: "There is no simulated network" },
	"system.simulated_network_running": { kind: "conflict", title: "The simulated network runs already" },
	"system.simulated_network_stopped": { kind: "conflict", title: "The simulated network is stopped" },
	"system.simulated_network_busy": {
		kind: "conflict",
		title: "The simulated network is being started or removed",
		retryable: true,
	},
	"system.simulated_network_failed": { kind: "unavailable", title: "The simulated network did not start" },
	"system.names_taken": { kind: "conflict", title: "Devices have the names of simulated ones" },
	"system.no_such_service": { kind: "not_found", title: "There is no such service here" },
	"system.dead_letter_not_found": { kind: "not_found", title: "This event was not put aside" },
	"system.backup_damaged": { kind: "invalid", title: "The file is not a whole backup of the system" },
	"system.backup_key_wrong": { kind: "invalid", title: "The backup of the system is sealed with another key" },
	"system.backup_too_new": { kind: "conflict", title: "The backup of the system was made by another version" },
	"system.backup_file_exists": { kind: "conflict", title: "There is a file of this name already" },
	"system.nothing_to_back_up": { kind: "conflict", title: "There is no data to back up" },
	"system.restore_not_empty": { kind: "conflict", title: "The database that would be restored into holds data" },
	"system.restore_in_use": { kind: "conflict", title: "A server uses the database that would be restored into" },
	"system.workers_elsewhere": { kind: "conflict", title: "Workers on other machines cannot reach simulated devices" },
});
